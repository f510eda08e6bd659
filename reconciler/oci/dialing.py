"""New connections: with the TLS settings of their host, and through a proxy where one is set."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from reconciler.oci import certificates
from reconciler.oci.certificates import CertificatesUnusable
from reconciler.oci.channel import Channel
from reconciler.oci.connection import Origin
from reconciler.oci.errors import ConnectionUnusable
from reconciler.oci.proxies import Proxies, ProxyUnusable


class Dialer:
    """A `Dial`. Thread-safe; a client certificate goes to the host that it is kept for and to no other."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._proxies = Proxies(environment)
        self._folders = certificates.folders(environment)
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def __call__(self, origin: Origin, timeout: float) -> Channel:
        """Raises ConnectionUnusable when a setting for this host cannot be used."""
        try:
            proxy = self._proxies.of(origin)
            tls = self._context(origin.host) if origin.scheme == "https" else None
        except (ProxyUnusable, CertificatesUnusable) as error:
            raise ConnectionUnusable(origin.host, str(error)) from error
        url = urlsplit(str(origin))
        port = url.port or (443 if tls is not None else 80)
        return Channel(url.hostname or "", port, seconds=timeout, tls=tls, tunnel=proxy)

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = certificates.context(host, self._folders)
            return self._contexts[host]
