"""What has to be said of sources that have names alone: registries and stores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.core.enumeration import enumerated
from reconciler.core.expand import target_name
from reconciler.core.pattern import matcher
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.live import Clock, LiveOrigin, LiveRepository
from reconciler.model.rulebook import Rule
from reconciler.model.source import RegistrySource, described, is_glob
from reconciler.model.spec import Desired, ImportRule

RULES = (
    Rule(
        "R-IMP-30",
        "a repository has no namespace",
        "In Container Registry every repository is in a namespace; elsewhere a repository may be called `web` alone.",
        "Say with `default_namespace` where such repositories go, or leave them out with `source.repositories`.",
        "CreateRepository of the API cr 2018-12-01",
    ),
    Rule(
        "R-IMP-31",
        "a repository's name is not accepted at the target",
        "Namespace and name have 2 to 120 lower-case letters, digits and separators; other registries take shorter "
        "ones.",
        "Give the namespace another name with `rename`, or leave the repository out with `source.repositories`.",
        "CreateNamespace and CreateRepository of the API cr 2018-12-01",
    ),
    Rule(
        "R-IMP-32",
        "the clock by which the newest images are chosen",
        "`latest` chooses by push time. A store has the times of its objects instead, which a copy of the store does "
        "not keep; a registry has no time but the one at which an image says that it was built.",
        "Choose by `images.tags` where that time means something else.",
    ),
    Rule(
        "R-IMP-33",
        "a glob matches no repository",
        "No repository of the source is called like that, so nothing comes of it.",
        "Correct the glob: `*` is anything but `/`, and `**` is anything.",
    ),
    Rule(
        "R-IMP-34",
        "a registry is read without TLS",
        "With `http://` the login and the images travel in the open, and anybody on the way can change the answers; "
        "images are checked against the digests that were answered.",
        "Use `https://` where the registry has it.",
    ),
    Rule(
        "R-IMP-35",
        "a registry is named with TLS and without",
        "One registry is read in one way by all imports: a login that one import keeps to TLS would travel in the open "
        "for another.",
        "Write `https://` everywhere, or `http://` everywhere when the registry has no TLS.",
    ),
)

# CreateNamespace and CreateRepository of the API cr 2018-12-01.
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,118}[a-z0-9]")
_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]{0,118}[a-z0-9]")
_SHOWN = 3


def check_names(rule: ImportRule, repositories: Iterable[LiveRepository]) -> Iterator[Diagnostic]:
    """Repositories of the source that cannot be at the target under their name."""
    homeless: list[str] = []
    refused: list[str] = []
    for repository in repositories:
        name = target_name(rule, repository.name)
        namespace, _, rest = name.partition("/")
        if not name:
            homeless.append(repository.name)
        elif not (_NAMESPACE.fullmatch(namespace) and _NAME.fullmatch(rest)):
            refused.append(name)
    place = rule.places.at("source")
    if homeless:
        yield Diagnostic(
            "R-IMP-30",
            Severity.ERROR,
            f"repositories without a namespace: {_some(homeless)}",
            hint="say with `default_namespace` where they go, or leave them out with `source.repositories`",
            span=place,
            address=str(rule.address),
        )
    if refused:
        yield Diagnostic(
            "R-IMP-31",
            Severity.ERROR,
            f"names that the target does not accept: {_some(refused)}",
            hint="`rename` the namespace, or leave them out with `source.repositories`",
            span=place,
            address=str(rule.address),
        )


def check_asked(rule: ImportRule, origin: LiveOrigin) -> Iterator[Diagnostic]:
    """Repositories that the import names and the source does not have."""
    found = {repository.name for repository in origin.repositories}
    for index, name in enumerate(rule.source.filter.repositories):
        place = rule.places.at(f"source.repositories[{index}]")
        if is_glob(name):
            alone = replace(rule.source.filter, repositories=(name,))
            if not any(alone.matches(other) for other in found):
                yield Diagnostic(
                    "R-IMP-33",
                    Severity.WARNING,
                    f"no repository of {described(rule.source)} matches `{name}`",
                    hint="correct the glob: `*` is anything but `/`, and `**` is anything",
                    span=place,
                    address=str(rule.address),
                )
        elif name not in found:
            yield Diagnostic(
                "R-IMP-9",
                Severity.ERROR,
                f"{described(rule.source)} has no repository `{name}`",
                hint="correct `source.repositories`",
                span=place,
                address=str(rule.address),
            )


def tell_clock(rule: ImportRule, origin: LiveOrigin) -> Iterator[Diagnostic]:
    """By which time `latest` chooses, where it is not the push time."""
    if not rule.images.latest or origin.clock is Clock.PUSHED:
        return
    what = "were built" if origin.clock is Clock.CREATED else "were stored"
    yield Diagnostic(
        "R-IMP-32",
        Severity.INFO,
        f"`latest` chooses by when images {what}: {described(rule.source)} has no push times",
        hint="choose by `images.tags` where that means something else",
        span=rule.places.at("images.latest"),
        address=str(rule.address),
    )


def broken_tags(rule: ImportRule, repository: LiveRepository) -> Iterator[Diagnostic]:
    """Tags that the import may mean and that stand for nothing."""
    chosen = [tag for tag in repository.broken if matcher(rule.images.tags)(tag.name)]
    if chosen:
        first = chosen[0]
        yield Diagnostic(
            "R-IMP-21",
            Severity.WARNING,
            f"`{repository.name}:{first.name}` cannot be moved: {first.reason}"
            if len(chosen) == 1
            else f"tags of `{repository.name}` that stand for nothing: {_some([tag.name for tag in chosen])}",
            detail="" if len(chosen) == 1 else first.reason,
            hint="push it again, or leave its tag out with `images.tags`",
            span=rule.places.at("source"),
            address=str(rule.address),
        )


def check_plain_http(desired: Desired) -> Iterator[Diagnostic]:
    for rule in desired.imports:
        if isinstance(rule.source, RegistrySource) and rule.source.plain_http and not rule.source.on_this_machine:
            yield Diagnostic(
                "R-IMP-34",
                Severity.WARNING,
                f"`{rule.source.name}` is read without TLS",
                hint="use `https://` where the registry has it",
                span=rule.places.at("source.url"),
                address=str(rule.address),
            )


def check_one_scheme(desired: Desired) -> Iterator[Diagnostic]:
    first: dict[str, ImportRule] = {}
    for rule in desired.imports:
        if not isinstance(rule.source, RegistrySource):
            continue
        other = first.setdefault(rule.source.name, rule)
        if isinstance(other.source, RegistrySource) and other.source.plain_http != rule.source.plain_http:
            yield Diagnostic(
                "R-IMP-35",
                Severity.ERROR,
                f"`{rule.source.url}` and `{other.source.url}` are one registry, which is read with TLS or without",
                hint="write `https://` in both, or `http://` in both when the registry has no TLS",
                span=rule.places.at("source.url"),
                address=str(rule.address),
                related=(Related(other.places.at("source.url"), f"{other.address} has the other one"),),
            )


def _some(names: Sequence[str]) -> str:
    return enumerated([f"`{name}`" for name in names], _SHOWN)
