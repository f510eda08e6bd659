"""The configuration of regsync: entries with a source, a target, and what of it to copy."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.convert import names, notes, patterns
from reconciler.convert.copies import ALL_TAGS, Copy, Told
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.image import RepositoryName
from reconciler.oci.reference import check_tag
from reconciler.spec.fields import Fields

_ELSEWHERE = {
    "backup": "the plan and the report say which digest a tag had before",
    "interval": "let the pipeline run `reconciler apply` on a schedule",
    "schedule": "let the pipeline run `reconciler apply` on a schedule",
    "ratelimit": "registries are asked less often by themselves when they throttle; see `apply --per-host`",
    "parallel": "see `apply --workers` and `apply --per-host`",
    "hooks": "let the pipeline call what comes before and after",
}


def read(root: Fields) -> Told:
    found: list[Diagnostic] = []
    plain: set[str] = set()
    for login in root.each("creds"):
        if "pass" in login or "token" in login or "user" in login:
            found.append(notes.login(login.key))
        host = login.text("registry")
        if host is not None and login.text("tls") in ("disabled", "insecure"):
            plain.add(host)
            found.append(
                notes.no_equivalent(
                    f"`tls: {login.text('tls')}` becomes plain HTTP to `{host}`: certificates are always verified",
                    login.span("tls"),
                    "put the registry's authority below `certs.d` and write `https://`, if it speaks TLS",
                )
            )
    defaults = root.inside("defaults")
    found += _elsewhere(defaults)
    copies = [copy for entry in root.each("sync") for copy in _entry(entry, plain, found)]
    return Told(tuple(copies), tuple(found))


def _elsewhere(fields: Fields) -> Iterator[Diagnostic]:
    for name, hint in _ELSEWHERE.items():
        if name in fields:
            yield notes.elsewhere(f"`{name}` is not taken over", fields.key_span(name), hint)


def _entry(entry: Fields, plain: set[str], found: list[Diagnostic]) -> Iterator[Copy]:
    found += _elsewhere(entry)
    source, target, kind = entry.text("source"), entry.text("target"), entry.text("type")
    if source is None or target is None or kind not in ("image", "repository", "registry"):
        found.append(
            notes.unreadable(
                "the entry has no `source`, `target` or known `type`",
                entry.key,
                "write `source`, `target` and `type: image`, `repository` or `registry`",
            )
        )
        return
    if "{{" in source or "{{" in target:
        found.append(
            notes.no_equivalent(
                f"the entry for `{source}` is left out: its names are templates of regsync",
                entry.key,
                "write the names out and convert again",
            )
        )
        return
    platforms = tuple(text.value for text in entry.texts("platforms"))
    if (platform := entry.text("platform")) is not None:
        platforms = (platform,)
    if platforms:
        found.append(
            notes.no_equivalent(
                "an index is copied whole: an image with other platforms than these is refused, not cut down",
                entry.span("platform" if "platform" in entry else "platforms"),
                "remove `images.platforms` to bring every platform",
            )
        )
    try:
        pairs = list(_pairs(entry, kind, source, target, found))
    except ValueError as error:
        found.append(notes.unreadable(str(error), entry.key, "name images as `host/repository:tag`"))
        return
    for here, there, tags in pairs:
        yield Copy(here, there, entry.key, tags, platforms, here.registry in plain)


def _pairs(
    entry: Fields, kind: str, source: str, target: str, found: list[Diagnostic]
) -> Iterator[tuple[RepositoryName, RepositoryName, str]]:
    """Source, target and tags; raises ValueError."""
    if kind == "registry":
        yield from _registry(entry, source, target, found)
        return
    (name, selection), (place, renamed) = names.tagged(source), names.tagged(target)
    here, there = names.repository(name), names.repository(place)
    if kind == "repository":
        tags = _selected(entry.inside("tags"), f"tags of `{source}`", found)
        if tags is not None:
            yield here, there, tags
    elif selection.startswith("@"):
        found.append(
            notes.no_equivalent(
                f"`{source}` is left out: an import brings tags, and this is a digest",
                entry.key,
                "tag the image at the source, or copy it once by hand",
            )
        )
    elif (selection or ":latest") != (renamed or ":latest"):
        found.append(
            notes.no_equivalent(
                f"`{source}` is left out: an import keeps the tag, and the target is `{target}`",
                entry.key,
                "import under the same tag, and move the tag afterwards",
            )
        )
    else:
        yield here, there, patterns.exactly([check_tag((selection or ":latest")[1:])])


def _registry(
    entry: Fields, source: str, target: str, found: list[Diagnostic]
) -> Iterator[tuple[RepositoryName, RepositoryName, str]]:
    tags = _selected(entry.inside("tags"), f"tags of `{source}`", found)
    repositories = entry.inside("repos")
    allowed = [text.value for text in repositories.texts("allow")]
    host, _, below = target.partition("/")
    literal = [name for name in allowed if _is_name(name)]
    if below or "deny" in repositories or len(literal) != len(allowed) or not allowed:
        found.append(
            notes.no_equivalent(
                f"the registry `{source}` is brought by the repositories that are named in full, and no others",
                entry.key,
                "list the repositories in `source.repositories`; `*` stands for a part of a name",
            )
        )
    for name in literal if tags is not None and not below else ():
        yield RepositoryName(source, name), RepositoryName(host, name), tags or ALL_TAGS


def _is_name(pattern: str) -> bool:
    try:
        names.repository(f"localhost/{pattern}")
    except ValueError:
        return False
    return True


def _selected(tags: Fields, what: str, found: list[Diagnostic]) -> str | None:
    """The tags to copy as one pattern; None when they cannot be told."""
    if "semverRange" in tags:
        found.append(
            notes.no_equivalent(
                f"the {what} by version are left out: imports select tags by regex and by age",
                tags.key_span("semverRange"),
                "add an import with `images.tags`, or `images.latest` for the newest ones",
            )
        )
        return None
    if "deny" in tags:
        found.append(
            notes.no_equivalent(
                f"`deny` is not taken over: the {what} that it holds back are imported, too",
                tags.key_span("deny"),
                "narrow `images.tags`; RE2 has no way to say `but not`",
            )
        )
    allowed = [text.value for text in tags.texts("allow")]
    return patterns.any_of(allowed) if allowed else ALL_TAGS
