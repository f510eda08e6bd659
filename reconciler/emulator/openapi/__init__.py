"""The service's OpenAPI products as one ASGI application."""
