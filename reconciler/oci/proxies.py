"""Which proxy a host is reached through: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from reconciler.oci.channel import Proxy
from reconciler.oci.connection import Origin, is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


class ProxyUnusable(ValueError):
    """A proxy setting that cannot be followed; the text names the variable and no secret."""


class Proxies:
    """Read when first needed, so that a wrong setting hurts only those who use it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def of(self, origin: Origin) -> Proxy | None:
        """None where the connection is direct, as it always is to this machine. Raises ProxyUnusable."""
        if is_loopback(origin.host):
            return None
        name = f"{origin.scheme}_proxy"
        address = self._setting(name)
        if not address or _exempt(origin, self._setting("no_proxy")):
            return None
        return _parse(name.upper(), address)

    def _setting(self, name: str) -> str:
        return (self._environment.get(name) or self._environment.get(name.upper()) or "").strip()


def _parse(name: str, address: str) -> Proxy:
    try:
        url = urlsplit(address if "://" in address else f"http://{address}")
        host, port = url.hostname, url.port
    except ValueError as error:
        raise ProxyUnusable(f"{name} is not an address: correct it to `http://host:port`") from error
    if url.scheme != "http":
        raise ProxyUnusable(f"{name} names a kind of proxy that is not supported: {url.scheme}; use `http://host:port`")
    if not host:
        raise ProxyUnusable(f"{name} has no host: correct it to `http://host:port`")
    authorization = None
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        authorization = "Basic " + base64.b64encode(login.encode()).decode()
    return Proxy(host, port or 80, authorization)


def _exempt(origin: Origin, exceptions: str) -> bool:
    """`*`, names with what is below them, addresses and networks; each may carry a port."""
    url = urlsplit(f"//{origin.host}")
    host, port = url.hostname or "", url.port or _DEFAULT_PORTS[origin.scheme]
    return any(_matches(entry.strip().lower(), host, port) for entry in exceptions.split(",") if entry.strip())


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit():
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").removeprefix("[").removesuffix("]")
    return host == entry.removeprefix(".") or host.endswith(f".{entry.removeprefix('.')}")
