"""Layers that live at addresses of their own by design: they stay there, and the plan says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import Contents, Digest, closure
from reconciler.model.plan import Transfer, Via
from reconciler.model.rulebook import Rule

RULES = (
    Rule(
        "R-IMP-14",
        "layers that are not distributed stay where they are",
        "Some layers (base layers of Windows, for example) are marked as not to be redistributed and name addresses "
        "that clients get them from. The manifest is copied as it is, the layer is not.",
        "Make sure that whoever pulls from the target reaches those addresses.",
        "OCI image specification 1.1, non-distributable layers",
    ),
)


def check(transfers: Iterable[Transfer], contents: Contents) -> Iterator[Diagnostic]:
    """One note per address whose images have such layers."""
    manifests: dict[Address, set[Digest]] = {}
    for transfer in transfers:
        if transfer.via is Via.TASK:
            continue
        manifests.setdefault(transfer.address, set()).update(closure(transfer.digest, contents))
    for address, digests in manifests.items():
        count = sum(contents[digest].foreign for digest in digests)
        if count:
            yield Diagnostic(
                "R-IMP-14",
                Severity.INFO,
                f"layers that are not distributed and stay at their own addresses: {count}",
                hint="make sure that whoever pulls from the target reaches those addresses",
                address=str(address),
            )
