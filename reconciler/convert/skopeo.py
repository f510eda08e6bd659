"""The YAML source of `skopeo sync` (skopeo-sync(1)): registries, each with images by tag list, regex and version."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.convert import notes, patterns
from reconciler.convert.copies import ALL_TAGS, Copy, Told
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import RepositoryName
from reconciler.oci.reference import check_repository, check_tag
from reconciler.spec.fields import Fields, Text
from reconciler.spec.node import ListNode

KEYS = ("images", "images-by-tag-regex", "images-by-semver")


def read(root: Fields) -> Told:
    """Where the images go to stands on the command line of `skopeo sync`, so no copy has a target."""
    found: list[Diagnostic] = []
    copies = [copy for host, registry in root.mappings() for copy in _registry(host, registry, found)]
    return Told(tuple(copies), tuple(found))


def _registry(host: str, registry: Fields, found: list[Diagnostic]) -> Iterator[Copy]:
    plain = registry.flag("tls-verify") is False
    if plain:
        found.append(
            notes.no_equivalent(
                f"`tls-verify: false` becomes plain HTTP to `{host}`: certificates are always verified",
                registry.span("tls-verify"),
                "put the registry's authority below `certs.d` and write `https://`, if it speaks TLS",
            )
        )
    if "credentials" in registry:
        found.append(notes.login(registry.span("credentials")))
    if "cert-dir" in registry:
        found.append(
            notes.elsewhere(
                "`cert-dir` is not taken over",
                registry.span("cert-dir"),
                f"move the certificates below `certs.d/{host}`",
            )
        )
    for name, node in registry.inside("images").node.entries.items():
        tags = registry.inside("images").texts(name)
        if not isinstance(node.node, ListNode):
            found.append(notes.unreadable(f"the tags of `{name}` are no list", node.node.span, "write a list of tags"))
        elif (listed := _listed(name, tags, found)) is not None:
            yield from _copy(host, Text(name, node.key), listed, plain, found)
    for repository, pattern in registry.inside("images-by-tag-regex").pairs():
        yield from _copy(host, repository, patterns.found_in(pattern.value), plain, found)
    for repository, _ in registry.inside("images-by-semver").pairs():
        found.append(
            notes.no_equivalent(
                f"the versions of `{repository.value}` are left out: imports select tags by regex and by age",
                repository.span,
                "add an import with `images.tags`, or `images.latest` for the newest ones",
            )
        )


def _listed(name: str, tags: tuple[Text, ...], found: list[Diagnostic]) -> str | None:
    named = []
    for tag in tags:
        if tag.value.startswith("sha256:"):
            found.append(
                notes.no_equivalent(
                    f"an image of `{name}` by digest is left out: an import brings tags",
                    tag.span,
                    "tag the image at the source, or copy it once by hand",
                )
            )
            continue
        try:
            named.append(check_tag(tag.value))
        except ValueError as error:
            found.append(notes.unreadable(str(error), tag.span, "correct the tag"))
    if not tags:
        return ALL_TAGS
    return patterns.exactly(named) if named else None


def _copy(host: str, name: Text, tags: str, plain: bool, found: list[Diagnostic]) -> Iterator[Copy]:
    path = name.value
    if host == "docker.io" and "/" not in path:
        path = f"library/{path}"
    try:
        yield Copy(RepositoryName(host, check_repository(path, host=host)), None, name.span, tags, plain=plain)
    except ValueError as error:
        found.append(notes.unreadable(str(error), name.span, "name the repository as its registry does"))
