"""The local cloud: the registry service's OpenAPI products and registries, in one process, for demos and tests."""
