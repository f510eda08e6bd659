"""The scene of `reconciler demo`: an account, a spec for it, and real images to move."""

from __future__ import annotations

from importlib import resources


def text(name: str) -> str:
    """`account.yaml`, what exists; or `registry.yaml`, what is declared."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
