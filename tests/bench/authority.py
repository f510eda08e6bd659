"""A certificate authority of the benchmark's own, made by `openssl`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Authority:
    """`certificate` is whom to trust; `server` and `key` are what a registry on 127.0.0.1 shows."""

    certificate: Path
    server: Path
    key: Path

    @classmethod
    def found(cls, folder: Path) -> Authority:
        """Raises subprocess.CalledProcessError."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder / "ca.crt", folder / "server.crt", folder / "server.key")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        own_key, request, names = folder / "ca.key", folder / "server.csr", folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        _openssl("req", "-x509", *curve, "-subj", "/CN=bench authority", "-keyout", own_key, "-out", made.certificate)
        _openssl("req", "-new", *curve, "-subj", "/CN=127.0.0.1", "-keyout", made.key, "-out", request)
        signing = ("-CA", made.certificate, "-CAkey", own_key, "-CAcreateserial", "-days", "2")
        _openssl("x509", "-req", "-in", request, *signing, "-extfile", names, "-out", made.server)
        return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
