"""Images that are selected and cannot be moved as things are: each is told with its reason, the others go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.image import RepositoryName
from reconciler.model.live import Cause, Live, LiveRepository, Unreadable
from reconciler.model.place import Span
from reconciler.model.plan import Transfer, Unmovable
from reconciler.model.rulebook import Rule
from reconciler.model.scope import ManifestQuery
from reconciler.model.source import described
from reconciler.model.spec import Desired, ImportRule

RULES = (
    Rule(
        "R-IMP-7",
        "a tag would be overwritten in a repository with immutable tags",
        "The target repository refuses to move a tag that exists, so these images are left as they are before any byte "
        "moves. The other images are moved.",
        "Set `tag_immutability: false` on the repository, or `overwrite: false` on the import.",
    ),
    Rule(
        "R-IMP-20",
        "an image is of a kind that cannot be copied",
        "The source serves something under this tag that no registry of today takes unchanged: a docker schema 1 "
        "manifest, for example, or a manifest that is damaged. The other images are moved.",
        "Push the image again with a current client, or leave its tag out with `images.tags`.",
        "OCI image specification 1.1; docker schema 1 was removed from registries",
    ),
    Rule(
        "R-IMP-21",
        "an image is not there, or not whole, at its source",
        "The source lists the tag, and does not have its manifest or one that belongs to it: it was deleted meanwhile, "
        "or never pushed whole; or the source fails over it while it gives others. The other images are moved.",
        "Run again when it was deleted meanwhile; otherwise push the image again, or leave its tag out with "
        "`images.tags`.",
    ),
    Rule(
        "R-IMP-22",
        "a source does not let itself be read",
        "This access key may not look into a namespace, not list the tags of a repository, or not pull from it. "
        "Nothing of it can be compared or moved, so the plan is not complete; what stands in such a namespace's place "
        "at the target is not pruned. The other namespaces and repositories are moved.",
        "Grant the access key to read and pull the namespace or the repository, or leave it out of the import.",
        "cr 2016-06-07, GetNamespace, GetRepoListByNamespace and GetRepoTags; OCI distribution specification 1.1, "
        "pulling manifests",
    ),
)

COMPARED = ("R-IMP-6", "R-IMP-7")
"""What is left by these rules was compared; of what is left by the others something could not be read."""

_RULE_OF: Mapping[Cause, str] = {
    Cause.GONE: "R-IMP-21",
    Cause.DAMAGED: "R-IMP-21",
    Cause.FAILING: "R-IMP-21",
    Cause.DENIED: "R-IMP-22",
    Cause.UNUSABLE: "R-IMP-20",
}
_REASONS: Mapping[Cause, str] = {
    Cause.GONE: "it is not at its source",
    Cause.DAMAGED: "its source gives other bytes than those of its digest",
    Cause.FAILING: "its source fails over it",
    Cause.DENIED: "its source does not let it be read",
    Cause.UNUSABLE: "it is of a kind that cannot be copied",
}
_HINTS: Mapping[str, str] = {
    "R-IMP-7": "set `tag_immutability: false` on the repository, or `overwrite: false` on the import",
    "R-IMP-20": "push it again with a current client, or leave its tag out with `images.tags`",
    "R-IMP-21": "run again when it was deleted meanwhile; else push it again, or leave its tag out with `images.tags`",
    "R-IMP-22": "grant the access key to read and pull the repository, or leave it out",
}
_SHOWN = 3


def unreadable(transfer: Transfer, live: Live) -> Unmovable | None:
    """`transfer` as an image that its source does not give, when that is known of it."""
    source = RepositoryName(transfer.source.registry, transfer.source.repository)
    found = live.unreadable.get(ManifestQuery(source, transfer.digest))
    if found is None:
        return None
    return Unmovable(
        transfer.address,
        transfer.source,
        transfer.target,
        transfer.digest,
        _RULE_OF[found.cause],
        _reason(found),
        found.passing,
    )


def immutable(transfer: Transfer) -> Unmovable:
    """`transfer` as an image whose tag at the target is there to stay."""
    reason = f"the target repository has immutable tags, and this one is {transfer.replaces}"
    return Unmovable(
        transfer.address, transfer.source, transfer.target, transfer.digest, "R-IMP-7", reason, retryable=False
    )


def kept(transfer: Transfer) -> Unmovable:
    """`transfer` as an image that `overwrite: false` leaves where it is."""
    reason = f"the target has another image under this tag, {transfer.replaces}, and `overwrite` is false"
    return Unmovable(
        transfer.address,
        transfer.source,
        transfer.target,
        transfer.digest,
        "R-IMP-6",
        reason,
        retryable=False,
        as_asked=True,
    )


def check(images: Iterable[Unmovable], desired: Desired) -> Iterator[Diagnostic]:
    """One warning for each rule and source repository of an address."""
    spans = _spans(desired)
    groups: dict[tuple[Address, str, RepositoryName], list[Unmovable]] = {}
    for image in images:
        if image.as_asked:
            continue  # its import says how many there are
        source = RepositoryName(image.source.registry, image.source.repository)
        groups.setdefault((image.address, image.rule, source), []).append(image)
    for (address, rule, source), found in groups.items():
        first = found[0]
        one = len(found) == 1
        yield Diagnostic(
            rule,
            Severity.WARNING,
            f"`{first.target.repository}:{first.target.tag}` cannot be moved: {first.reason}"
            if one
            else f"images of `{source.path}` that cannot be moved: {len(found)}",
            detail="" if one else _told(found),
            hint=_HINTS[rule],
            span=spans.get(address),
            address=str(address),
        )


def unlisted(address: Address, span: Span, repository: LiveRepository, why: Unreadable) -> Diagnostic:
    """Nobody knows what images a repository has whose tags cannot be listed."""
    rule = _RULE_OF[why.cause]
    gone = why.cause is Cause.GONE
    return Diagnostic(
        rule,
        Severity.WARNING,
        f"the tags of `{repository.name}` cannot be listed, so none of its images is compared or moved: {why.detail}",
        hint="it was deleted while it was read; run again" if gone else _HINTS[rule],
        span=span,
        address=str(address),
    )


def closed(rule: ImportRule, index: int, why: Unreadable) -> Diagnostic:
    """Nobody knows what is in the namespace of Personal Edition that `rule` names in this place."""
    name = rule.source.filter.namespaces[index]
    gone = why.cause is Cause.GONE
    return Diagnostic(
        _RULE_OF[why.cause],
        Severity.WARNING,
        f"namespace `{name}` of {described(rule.source)} cannot be read, so nothing of it is compared or moved: "
        f"{why.detail}",
        hint="it was deleted while it was read; run again"
        if gone
        else "grant the access key `cr:Get*`, `cr:List*` and `cr:PullRepository` on the namespace, or leave it out of "
        "`source.namespaces`",
        span=rule.places.at(f"source.namespaces[{index}]"),
        address=str(rule.address),
    )


def _reason(found: Unreadable) -> str:
    return f"{_REASONS[found.cause]}: {found.detail}"


def _told(found: Sequence[Unmovable]) -> str:
    shown = [f"{image.target.tag}: {image.reason}" for image in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"and {len(found) - _SHOWN} more")
    return "; ".join(shown)


def _spans(desired: Desired) -> Mapping[Address, Span]:
    spans = {rule.address: rule.places.span for rule in desired.imports}
    return spans | {rule.backfill_address: rule.places.span for rule in desired.replications}
