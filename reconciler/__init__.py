"""Config as code for Alibaba Cloud Container Registry."""

__version__ = "0.1.0"
