"""New connections: with the TLS settings of their host, and through a proxy where one is set."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from reconciler.oci import certificates
from reconciler.oci.certificates import CertificatesUnusable
from reconciler.oci.connection import Origin
from reconciler.oci.errors import RegistryRefused
from reconciler.oci.proxies import Proxies, ProxyUnusable


class Dialer:
    """A `Dial`. Thread-safe; a client certificate goes to the host that it is kept for and to no other."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._proxies = Proxies(environment)
        self._folders = certificates.folders(environment)
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def __call__(self, origin: Origin, timeout: float) -> HTTPConnection:
        """Raises RegistryRefused when a setting for this host cannot be used."""
        try:
            proxy = self._proxies.of(origin)
            tls = self._context(origin.host) if origin.scheme == "https" else None
        except (ProxyUnusable, CertificatesUnusable) as error:
            raise RegistryRefused(origin.host, str(error)) from error
        if proxy is None:
            return _connection(origin.host, timeout, tls)
        connection = _connection(
            f"[{proxy.host}]:{proxy.port}" if ":" in proxy.host else f"{proxy.host}:{proxy.port}", timeout, tls
        )
        url = urlsplit(str(origin))
        headers = {} if proxy.authorization is None else {"Proxy-Authorization": proxy.authorization}
        connection.set_tunnel(url.hostname or "", url.port, headers)
        return connection

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = certificates.context(host, self._folders)
            return self._contexts[host]


def _connection(host: str, timeout: float, tls: ssl.SSLContext | None) -> HTTPConnection:
    if tls is None:
        return HTTPConnection(host, timeout=timeout)
    return HTTPSConnection(host, timeout=timeout, context=tls)
