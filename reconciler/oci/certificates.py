"""Whom to trust, and who we are, per registry: folders `certs.d/<host[:port]>` as docker and podman read them.

`*.crt` are authorities besides the system's, `NAME.cert` with `NAME.key` is a client certificate
(https://docs.docker.com/engine/security/certificates/).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.oci.home import home


class CertificatesUnusable(ValueError):
    """A file of a registry's folder cannot be used; the text names it."""


def folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where to look, the user's own first."""
    own = home(environment)
    docker = environment.get("DOCKER_CONFIG") or (own and own / ".docker")
    settings = environment.get("XDG_CONFIG_HOME") or (own and own / ".config")
    return (
        *([Path(docker) / "certs.d"] if docker else []),
        *([Path(settings) / "containers" / "certs.d"] if settings else []),
        Path("/etc/containers/certs.d"),
        Path("/etc/docker/certs.d"),
    )


def context(host: str, places: Sequence[Path]) -> ssl.SSLContext:
    """Verifying TLS for `host[:port]`, with what the first of `places` that knows the host adds.

    The system's authorities are trusted; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them (OpenSSL reads both). Raises
    CertificatesUnusable.
    """
    tls = ssl.create_default_context()
    folder = next((place / host for place in places if _is_folder(place / host)), None)
    if folder is None:
        return tls
    for path in sorted(folder.iterdir()):
        if path.suffix == ".crt":
            _trust(tls, path)
        elif path.suffix == ".cert":
            _identify(tls, path)
    return tls


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Others' settings that we may not look into are not meant for us.
        return False


def _trust(tls: ssl.SSLContext, path: Path) -> None:
    try:
        tls.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise CertificatesUnusable(f"authority cannot be read: {path}; it has to be PEM") from error


def _identify(tls: ssl.SSLContext, path: Path) -> None:
    key = path.with_suffix(".key")
    if not key.exists():
        raise CertificatesUnusable(f"client certificate has no key beside it: {path}; add {key.name}")
    try:
        # An empty password: a key that wants one must not stop the run to ask for it.
        tls.load_cert_chain(path, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise CertificatesUnusable(
            f"client certificate and key cannot be used: {path}; both are PEM, belong together and have no password"
        ) from error
