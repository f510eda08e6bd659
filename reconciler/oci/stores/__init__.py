"""Images in stores of objects: a registry's storage tree or an OCI image layout, in a bucket or a folder."""
