"""The image list of image-syncer: from a source with its tags to one or several targets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.convert import names, notes, patterns
from reconciler.convert.copies import ALL_TAGS, Copy, Told
from reconciler.model.diagnostic import Diagnostic
from reconciler.oci.reference import check_tag
from reconciler.spec.fields import Fields, Text
from reconciler.spec.node import ListNode, Scalar

_VARIABLE = re.compile(r"\$\w|\$\{")


def read(root: Fields) -> Told:
    """Both forms: the list alone, and the older file that holds `auth` and `images` together."""
    found: list[Diagnostic] = []
    images = root.inside("images") if "images" in root else root
    auth = root.inside("auth")
    if "auth" in root:
        found.append(notes.login(root.key_span("auth")))
    plain = {host for host, entry in auth.mappings() if entry.flag("insecure")}
    copies: list[Copy] = []
    for source, entry in images.node.entries.items():
        node = entry.node
        if isinstance(node, Scalar) and isinstance(node.value, str):
            targets: tuple[Text, ...] = (Text(node.value, node.span),)
        else:
            targets = images.texts(source)
        if not targets or (isinstance(node, ListNode) and len(targets) != len(node.items)):
            found.append(
                notes.unreadable(f"`{source}` has no target", entry.key, "name a repository, or a list of them")
            )
            continue
        copies += _copies(Text(source, entry.key), targets, plain, found)
    return Told(tuple(copies), tuple(found))


def _copies(source: Text, targets: tuple[Text, ...], plain: set[str], found: list[Diagnostic]) -> Iterator[Copy]:
    try:
        name, selection = names.tagged(source.value)
        repository = names.repository(name)
        tags = _tags(selection)
    except ValueError as error:
        found.append(notes.unreadable(str(error), source.span, "write `host/repository:tag,tag`"))
        return
    if tags is None:
        found.append(
            notes.no_equivalent(
                f"`{source.value}` is left out: an import brings tags, and this is a digest",
                source.span,
                "tag the image at the source, or copy it once by hand",
            )
        )
        return
    for target in targets:
        if _VARIABLE.search(target.value):
            found.append(
                notes.no_equivalent(
                    f"`{target.value}` is left out: its variables are image-syncer's",
                    target.span,
                    "write the target out and convert again",
                )
            )
            continue
        try:
            place, renamed = names.tagged(target.value)
            there = names.repository(place)
        except ValueError as error:
            found.append(notes.unreadable(str(error), target.span, "write `host/repository`"))
            continue
        if renamed and renamed != selection:
            found.append(
                notes.no_equivalent(
                    f"`{target.value}` is left out: an import keeps the tags as they are",
                    target.span,
                    "import under the same tag, and move the tag afterwards",
                )
            )
            continue
        yield Copy(repository, there, source.span, tags, plain=repository.registry in plain)


def _tags(selection: str) -> str | None:
    """A pattern; None for a digest. Raises ValueError."""
    if selection.startswith("@"):
        return None
    if not selection:
        return ALL_TAGS
    listed = selection[1:]
    if listed.startswith("/") and listed.endswith("/") and len(listed) > 2:
        return patterns.found_in(listed[1:-1])
    return patterns.exactly([check_tag(tag.strip()) for tag in listed.split(",")])
