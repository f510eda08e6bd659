"""Where calls go, and how plain connections are kept to the own machine."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.acr.hosts import Network, host
from reconciler.acr.request import Version

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an HTTP address: {self.url}; give one such as `http://127.0.0.1:5800`")
        if parts.scheme == "http" and not self.loopback:
            raise ValueError(f"plain HTTP is for loopback only: {self.url}; use `https://`")

    @property
    def loopback(self) -> bool:
        return self.url is not None and urlsplit(self.url).hostname in _LOOPBACK

    @property
    def encrypted(self) -> bool:
        return self.url is None or self.url.startswith("https://")

    def base(self, version: Version, region: str) -> str:
        return self.url.rstrip("/") if self.url else f"https://{host(version, region, self.network)}"
