"""Addresses that a registry gives: redirects and upload locations, checked before anything is sent there."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

from reconciler.oci.connection import Origin, is_loopback
from reconciler.oci.errors import RegistryRefused

# What may stand in a path or a query as it is (RFC 3986); anything else would break the request line.
_AS_IT_IS = "/%:@!$&'()*+,;=-._~?"
# A path on the same host with nothing to resolve or to quote: what we ask for ourselves, thousands of times.
_PLAIN_PATH = re.compile(r"/(?![/.])(?:[A-Za-z0-9%:@!$&'()*+,;=\-._~?]|/(?![/.]))*")


def place(own: Origin, base: str, location: str) -> tuple[Origin, str]:
    """Origin and path of `location`, which registry `own` gave in answer to a request to `base`.

    The registry's own host is always reached the way we reach it, whatever scheme the address has. Raises
    RegistryRefused for an address that is no URL, or that is neither https nor as safe as the way to the registry.
    """
    try:
        url = urlsplit(urljoin(base, location))
        url.port  # noqa: B018 - raises ValueError for one that is no number
    except ValueError:
        shown = location.split("?", 1)[0][:100]
        raise RegistryRefused(own.host, f"refers to an address that is no URL: {shown!r}") from None
    path = quote(url.path or "/", safe=_AS_IT_IS) + (f"?{quote(url.query, safe=_AS_IT_IS)}" if url.query else "")
    if _plain_host(url.netloc) == _plain_host(own.host):
        return own, path
    plain_is_fine = own.scheme == "http" or is_loopback(url.netloc)
    if url.hostname and "@" not in url.netloc and (url.scheme == "https" or (url.scheme == "http" and plain_is_fine)):
        return Origin(url.scheme, url.netloc), path
    raise RegistryRefused(own.host, f"refers to an address that is not https: {url.scheme}://{url.hostname}")


def is_plain_path(where: str) -> bool:
    """Whether `where` is a path on the registry itself that `place` would leave as it is."""
    return _PLAIN_PATH.fullmatch(where) is not None


def _plain_host(netloc: str) -> str:
    """Some registries write the default port into the URLs that they give."""
    return netloc.lower().removesuffix(":443")
