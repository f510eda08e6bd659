"""Where calls go, and how plain connections are kept to the own machine."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from reconciler.acr.hosts import Network, host
from reconciler.acr.request import Version

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE)
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where calls go: to the hosts of their product and region in `network`, or all of them to `url`. Plain HTTP is for
    loopback only.

    Raises ValueError for a `url` that is none or that would send signed calls in the open.
    """

    url: str | None = None
    network: Network = Network.PUBLIC

    def __post_init__(self) -> None:
        if self.url is None:
            return
        if any(mark in self.url for mark in "@?#"):
            # The address is not repeated: it may hold a password.
            raise ValueError("the address holds more than a host, a port and a path: leave out login, `?` and `#`")
        parts = _parts(self.url)
        if parts is None:
            raise ValueError(f"not an HTTP address: {self.url}; give one such as `http://127.0.0.1:5800`")
        if parts.scheme == "http" and not self.loopback:
            raise ValueError(f"plain HTTP is for loopback only: {self.url}; use `https://`")

    @property
    def loopback(self) -> bool:
        return self.url is not None and urlsplit(self.url).hostname in _LOOPBACK

    @property
    def encrypted(self) -> bool:
        return self.url is None or urlsplit(self.url).scheme == "https"

    def base(self, version: Version, region: str) -> str:
        return self.url.rstrip("/") if self.url else f"https://{host(version, region, self.network)}"


def _parts(url: str) -> SplitResult | None:
    """None for what is no HTTP address with a host that can be called."""
    try:
        parts = urlsplit(url)
        fine = parts.port is None or parts.port > 0
        host = parts.hostname or ""
        if ":" in host:
            ipaddress.IPv6Address(host)
        elif not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
            return None
    except ValueError:
        return None
    return parts if fine and url.lower().startswith(("http://", "https://")) else None
