"""Alibaba Cloud OpenAPI: signing, credentials, transport, and one module per product."""
