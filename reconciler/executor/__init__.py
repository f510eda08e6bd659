"""Carries a plan out: control steps through the OpenAPI, image work through the transfer executor."""
