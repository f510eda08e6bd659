"""The registries of the local cloud: the OCI distribution protocol over ASGI."""
