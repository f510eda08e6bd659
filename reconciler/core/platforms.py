"""Platform selection: it moves whole images or refuses, because nothing between the two keeps the image's digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import Contents, Digest
from reconciler.model.plan import Transfer
from reconciler.model.rulebook import Rule
from reconciler.model.spec import Desired

RULES = (
    Rule(
        "R-IMP-13",
        "import of single platforms",
        "The index of an image names one manifest per platform. Registries refuse an index when they lack one of its "
        "manifests, and an index that is written anew has another digest, which signatures and pins of the source do "
        "not match. So an image moves with all its platforms, and one that has others than `platforms` is an error.",
        "Name every platform of the image, or narrow `tags` to images that have only these platforms, or remove "
        "`platforms`.",
        "OCI distribution specification 1.1, pushing manifests",
    ),
)

# Build tools list what they know about an image (provenance, bills of materials) as children of this platform.
_NO_PLATFORM = ("", "unknown/unknown")
# The variant that an architecture has when none is written (containerd's platforms package, `Normalize`).
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7"}
_SHOWN = 3


def check(desired: Desired, transfers: Iterable[Transfer], contents: Contents) -> Iterator[Diagnostic]:
    """One error per import whose images have platforms that its selection leaves out."""
    selecting = {rule.address: rule for rule in desired.imports if rule.images.platforms}
    found: dict[Address, list[tuple[Transfer, tuple[str, ...]]]] = {}
    for transfer in transfers:
        rule = selecting.get(transfer.address)
        if rule is not None and (others := left_out(transfer.digest, contents, rule.images.platforms)):
            found.setdefault(rule.address, []).append((transfer, others))
    for address, images in found.items():
        shown = [f"{transfer.source} has {', '.join(others)}" for transfer, others in images[:_SHOWN]]
        if len(images) > _SHOWN:
            shown.append(f"and {len(images) - _SHOWN} more")
        yield Diagnostic(
            "R-IMP-13",
            Severity.ERROR,
            f"images with platforms that `platforms` leaves out: {len(images)}",
            detail="; ".join(shown),
            hint="name every platform of these images, narrow `tags`, or remove `platforms`",
            span=selecting[address].places.at("images"),
            address=str(address),
        )


def left_out(root: Digest, contents: Contents, wanted: Iterable[str]) -> tuple[str, ...]:
    """Platforms under the index `root` that are none of `wanted`, sorted. A single manifest leaves nothing out."""
    asked = [_normal(platform) for platform in wanted]
    others: set[str] = set()
    seen: set[Digest] = set()
    waiting = [root]
    while waiting:
        digest = waiting.pop()
        if digest in seen:
            continue
        seen.add(digest)
        for child in contents[digest].manifests:
            waiting.append(child.digest)
            if child.platform not in _NO_PLATFORM and not any(_meets(a, _normal(child.platform)) for a in asked):
                others.add(child.platform)
    return tuple(sorted(others))


def _normal(platform: str) -> tuple[str, str, str]:
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    return system, architecture, variant


def _meets(asked: tuple[str, str, str], offered: tuple[str, str, str]) -> bool:
    """Without a variant every variant is meant."""
    if asked[:2] != offered[:2] or not asked[2]:
        return asked[:2] == offered[:2]
    default = _DEFAULT_VARIANTS.get(offered[1], "")
    return asked[2] == (offered[2] or default)
