"""A certificate for this machine, signed by itself, so that a client can be shown whom to trust."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

_NAMES = ("localhost",)
_ADDRESSES = ("127.0.0.1", "::1")
_VALID = timedelta(days=365)
_SPARE = timedelta(days=1)


class NoCertificate(ValueError):
    """A certificate cannot be made or read; the text says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files; `certificate` is what clients have to trust, too."""

    certificate: Path
    key: Path


def certificate_in(folder: Path, now: datetime | None = None) -> Certificate:
    """The certificate that `folder` holds, or a new one when there is none that is good for another day.

    Raises NoCertificate without the package `cryptography`, OSError for a folder that cannot be written.
    """
    try:
        from cryptography import x509
    except ImportError:
        raise NoCertificate("certificates are made by the package `cryptography`, which is not installed") from None
    moment = now or datetime.now(UTC)
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    if found.certificate.exists() and found.key.exists():
        try:
            known = x509.load_pem_x509_certificate(found.certificate.read_bytes())
        except ValueError:
            raise NoCertificate(f"not a certificate: {found.certificate}") from None
        if known.not_valid_after_utc > moment + _SPARE:
            return found
    folder.mkdir(parents=True, exist_ok=True)
    _make(found, moment)
    return found


def _make(place: Certificate, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local cloud")])
    names: list[x509.GeneralName] = [x509.DNSName(text) for text in _NAMES]
    names += [x509.IPAddress(ip_address(text)) for text in _ADDRESSES]
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number())
        .not_valid_before(now - _SPARE)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.key.unlink(missing_ok=True)
    descriptor = os.open(place.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    place.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
