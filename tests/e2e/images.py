"""Images that other programs make: umoci builds them from this Python's library, skopeo pushes and reads them."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

_LIBRARY = Path(sysconfig.get_path("stdlib"))


def build(layout: Path, tag: str, *packages: str) -> None:
    """An image in an OCI layout with one layer for each package of the standard library."""
    if not layout.exists():
        _run("umoci", "init", "--layout", str(layout))
    _run("umoci", "new", "--image", f"{layout}:{tag}")
    for package in packages:
        _run("umoci", "insert", "--image", f"{layout}:{tag}", str(_LIBRARY / package), f"/usr/lib/python3/{package}")
    _run("umoci", "config", "--image", f"{layout}:{tag}", "--config.cmd", "python3", "--author", "tests")


def push(layout: Path, tag: str, reference: str, creds: str | None = None) -> None:
    login = ["--dest-creds", creds] if creds else []
    _run("skopeo", "copy", "--dest-tls-verify=false", *login, f"oci:{layout}:{tag}", f"docker://{reference}")


def copy(source: str, target: str, creds: str | None = None) -> None:
    login = ["--src-creds", creds, "--dest-creds", creds] if creds else []
    options = ["--src-tls-verify=false", "--dest-tls-verify=false", *login]
    _run("skopeo", "copy", *options, f"docker://{source}", f"docker://{target}")


def digest(reference: str, creds: str | None = None) -> str | None:
    """What `skopeo inspect` says is there, or None."""
    login = ["--creds", creds] if creds else []
    result = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", *login, f"docker://{reference}"], capture_output=True, check=False
    )
    return str(json.loads(result.stdout)["Digest"]) if result.returncode == 0 else None


def delete(reference: str, creds: str) -> None:
    """The manifest, with every tag that stands for it."""
    _run("skopeo", "delete", "--tls-verify=false", "--creds", creds, f"docker://{reference}")


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}: {result.stderr}"
