"""Exporting: reading an account, describing it, and proving that the description plans empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler.commands.exits import Refused
from reconciler.model.address import Address, Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.document import Document

if TYPE_CHECKING:
    from reconciler.commands.cloud import Cloud
    from reconciler.model.live import Live, LiveInstance, LiveSyncRule

Problem: TypeAlias = "tuple[Address | None, str]"
"""What has one, as far as that has an address, and what it is."""

_HOME = "cn-hangzhou"
"""Where the list of regions is asked for."""


def read_account(cloud: Cloud, regions: Sequence[str], instance: str | None) -> tuple[Live, frozenset[str]]:
    """What is live in `regions` (none: in every one that the service offers), and the ids of what was asked for.

    Instances that only take part as targets are read, too. Raises ReadFailed, and Refused when no instance is called
    `instance`.
    """
    from reconciler.live.failure import reading
    from reconciler.model.live import Live
    from reconciler.model.scope import InstanceScope, Scope

    def everything_of(found: Iterable[LiveInstance]) -> Live:
        modules = frozenset({"registry", "chart"})
        scopes = tuple(
            InstanceScope(i.id, i.region, i.name, i.id, vpc_modules=modules, endpoint=True, all_builds=True)
            for i in found
        )
        return cloud.source.listings(Scope(scopes))

    with reading("the regions of the service"):
        places = tuple(regions) or cloud.cr.list_regions(_HOME)
    found: list[LiveInstance] = []
    for region in dict.fromkeys(places):
        with reading(f"region {region}"):
            found += cloud.cr.list_instances(region)
    chosen = [i for i in found if instance is None or instance in (i.id, i.name)]
    _require_some(chosen, instance)
    live = everything_of(chosen)
    known = {i.id for i in live.instances}
    partners: dict[str, LiveInstance] = {}
    missing = [r for r in _rules(live) if not r.cross_account and r.target_instance not in known]
    for region in sorted({r.target_region for r in missing}):
        with reading(f"region {region}"):
            partners |= {i.id: i for i in cloud.cr.list_instances(region)}
    needed = {r.target_instance for r in missing}
    others = everything_of(i for i in partners.values() if i.id in needed) if partners else Live()
    return Live((*live.instances, *others.instances)), frozenset(known)


def read_recording(file: Path, regions: Sequence[str], instance: str | None) -> tuple[Live, frozenset[str]]:
    """`read_account` from a recorded live state."""
    from reconciler.commands.saved import read_json
    from reconciler.live import snapshot

    live = snapshot.parse(read_json(file))
    chosen = [
        i
        for i in live.instances
        if (not regions or i.region in regions) and (instance is None or instance in (i.id, i.name))
    ]
    _require_some(chosen, instance)
    return live, frozenset(i.id for i in chosen)


def _require_some(chosen: Sequence[LiveInstance], instance: str | None) -> None:
    if instance is not None and not chosen:
        raise Refused(f"no instance has the id or the name `{instance}`", hint="check the name and `--region`")


def exported(live: Live, asked: frozenset[str]) -> str:
    """The instances with the ids `asked` as YAML that validates and plans empty against `live`.

    Raises Refused when that cannot be brought about.
    """
    from reconciler.core.export import export
    from reconciler.core.leave_out import rules_in
    from reconciler.render.spec_yaml import render

    document = export(live, lambda found: found.id in asked)
    while True:
        text = render(document)
        problems = list(_problems(text, live))
        if not problems:
            return text
        told = "; ".join(dict.fromkeys(why for _, why in problems))
        # What has no address is about rules that are left out already: those that are left cannot stand beside them.
        others = [(rule, told) for rule in rules_in(document)]
        smaller = _smaller(document, problems) or _smaller(document, others)
        if smaller is None:
            raise Refused(f"the account cannot be described: {told}", hint="export one instance with `--instance`")
        document = smaller


def _smaller(document: Document, problems: Iterable[Problem]) -> Document | None:
    """Without everything that has a problem; None when nothing of that is in there."""
    from reconciler.core.leave_out import without

    smaller = document
    for address, why in problems:
        if address is not None:
            smaller = without(smaller, address, why) or smaller
    return smaller if smaller is not document else None


def _problems(text: str, live: Live) -> Iterator[Problem]:
    """What keeps `text` from validating, and then from planning empty: each with its address, as far as it has one."""
    from reconciler.core import graph, planning, rules
    from reconciler.core.ownership import Options
    from reconciler.spec.files import SourceText, Texts
    from reconciler.spec.load import NOTHING_DECLARED, load_texts

    loaded = load_texts(Texts((SourceText("export", text),), ()), environment={})
    found = [*loaded.diagnostics, *rules.check(loaded.desired, graph.build(loaded.desired))]
    # Of an account in which there is nothing, nothing is what has to be said.
    found = [d for d in found if d.rule != NOTHING_DECLARED]
    if any(d.severity is Severity.ERROR for d in found):
        yield from _errors(found)
        return
    drafted = planning.draft(loaded.desired, live, Options())
    yield from _errors(drafted.diagnostics)
    for change in drafted.changes:
        fields = ", ".join(field.path for field in change.fields)
        yield change.address, f"declared, it would be planned again ({fields or change.reason})"


def _errors(diagnostics: Iterable[Diagnostic]) -> Iterator[Problem]:
    for found in diagnostics:
        if found.severity is Severity.ERROR:
            yield _address(found.address), f"{found.rule}, {found.summary}"


def _address(text: str) -> Address | None:
    """What is wrong with an entry of `replications` as such is about all of its targets."""
    try:
        return Address.parse(text)
    except ValueError:
        section, _, name = text.partition(".")
        return Address(Kind.REPLICATION, (name, "")) if section == "replications" and name else None


def _rules(live: Live) -> list[LiveSyncRule]:
    return [rule for instance in live.instances for rule in instance.sync_rules]
