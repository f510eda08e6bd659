"""The OCI distribution protocol: a client for registries, over the standard library's `http.client`."""
