"""Telling by its content how images lie in a store."""

from __future__ import annotations

from reconciler.oci.errors import RegistryRefused
from reconciler.oci.stores.image_layout import MARKER, OciLayouts
from reconciler.oci.stores.layout import ImageLayout
from reconciler.oci.stores.objects import ObjectStore
from reconciler.oci.stores.tree import ROOT, StorageTree

_DEPTH = 8
"""Folders inside folders that are looked through for image layouts."""


def find_images(store: ObjectStore, repository: str = "") -> ImageLayout:
    """`repository` is whose images of an image layout are that are named by tag alone.

    Raises NotFound when the store is empty or not there, RegistryRefused when there is something else in it.
    """
    top = store.folder("")
    if MARKER in top:
        return OciLayouts(store, [""], repository)
    if "docker/" in top and store.folder(f"{ROOT}/repositories"):
        return StorageTree(store, ROOT)
    if {"repositories/", "blobs/"} <= set(top):
        return StorageTree(store, "")
    if layouts := _layouts(store, [name for name in top if name.endswith("/")]):
        return OciLayouts(store, layouts, repository)
    raise RegistryRefused(
        store.name,
        f"there is neither a registry's storage tree ({ROOT}) nor an OCI image layout ({MARKER}) here"
        if top
        else "there is nothing here",
    )


def _layouts(store: ObjectStore, wave: list[str]) -> list[str]:
    """Folders that are image layouts; what is inside one is not looked through."""
    found: list[str] = []
    for _ in range(_DEPTH):
        deeper: list[str] = []
        for folder in wave:
            names = store.folder(folder)
            if MARKER in names:
                found.append(folder.rstrip("/"))
            else:
                deeper += [f"{folder}{name}" for name in names if name.endswith("/")]
        wave = deeper
    return sorted(found)
