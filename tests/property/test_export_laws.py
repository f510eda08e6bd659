"""Whatever an account looks like, its export validates and plans empty, and says what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.commands.exporting import exported
from reconciler.core import graph, planning, rules
from reconciler.core.ownership import Options
from reconciler.model.diagnostic import Severity
from reconciler.model.live import (
    Live,
    LiveEndpoint,
    LiveInstance,
    LiveNamespace,
    LiveRepository,
    LiveSyncRule,
    LiveVpcLink,
)
from reconciler.model.spec import AclEntry, Edition, Level, Trigger, Visibility
from reconciler.spec.files import SourceText, Texts
from reconciler.spec.load import load_texts

REGIONS = ("cn-hangzhou", "eu-central-1")
SPACES = ("apps", "no", "1.10", "a--b", "Not-Ours")
words = st.sampled_from(
    ("", "no", "on", "1.10", "a: b #c", "'", '"', "${ENV:HOME}", "日本", "x" * 101, "tab\there", "y")
)
visibilities = st.sampled_from(Visibility)


def one_of_each(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=len(names)) if names else st.just([])


@st.composite
def endpoints(draw: st.DrawFn) -> LiveEndpoint:
    cidrs = draw(one_of_each(("203.0.113.0/24", "2001:db8::/32", "198.51.100.7", "203.0.113.5/24")))
    enabled = draw(st.booleans())
    allow = tuple(AclEntry(cidr, draw(words)) for cidr in cidrs) if enabled else ()
    return LiveEndpoint(enabled, "RUNNING" if enabled else "", tuple(sorted(allow)))


@st.composite
def instances(draw: st.DrawFn, number: int) -> LiveInstance:
    spaces = draw(one_of_each(SPACES))
    paths = draw(one_of_each(tuple(f"{space}/{name}" for space in spaces for name in ("web", "1.10", "x", "a/b"))))
    name = draw(st.sampled_from(("acme", "acme-eu", "Acme", "no", "123", "acme")))
    return LiveInstance(
        f"cri-{number}",
        name,
        draw(st.sampled_from(REGIONS)),
        draw(st.sampled_from((*Edition, None))),
        draw(st.sampled_from(("RUNNING", "RUNNING", "RUNNING", "STARTING"))),
        endpoint=draw(endpoints()),
        namespaces=tuple(LiveNamespace(space, draw(st.booleans()), draw(visibilities)) for space in spaces),
        repositories=tuple(
            LiveRepository(f"crr-{path}", path, draw(visibilities), draw(words), draw(st.booleans())) for path in paths
        ),
        vpc_links=tuple(
            LiveVpcLink(vpc, vswitch, module, draw(st.sampled_from(("RUNNING", "CREATING"))))
            for vpc, vswitch, module in draw(
                st.sets(
                    st.tuples(
                        st.sampled_from(("vpc-1", "vpc-2")),
                        st.sampled_from(("vsw-1", "vsw-2")),
                        st.sampled_from(("registry", "chart")),
                    ),
                    max_size=4,
                )
            )
        ),
        tags=draw(st.dictionaries(words.filter(bool), words, max_size=3)),
        resource_group=draw(st.sampled_from(("", "rg-1"))),
    )


@st.composite
def rules_of(draw: st.DrawFn, source: LiveInstance, others: tuple[LiveInstance, ...]) -> tuple[LiveSyncRule, ...]:
    made = []
    for number in range(draw(st.integers(0, 3))):
        target = draw(st.sampled_from((*others, *others, source, None)))
        level = draw(st.sampled_from(Level))
        namespace = "" if level is Level.INSTANCE else draw(st.sampled_from(SPACES))
        repository = draw(st.sampled_from(("web", "1.10"))) if level is Level.REPOSITORY else None
        made.append(
            LiveSyncRule(
                f"crsr-{source.id}-{number}",
                draw(st.sampled_from(("apps", "no", "a [b] ", "1.10", "apps", "with\ttab"))),
                source.id,
                target.id if target else "cri-elsewhere",
                target.region if target else "us-east-1",
                level,
                namespace,
                repository,
                draw(st.sampled_from((namespace, namespace, "other"))),
                repository,
                draw(st.sampled_from((".*", "v.*", "1.10"))),
                draw(st.sampled_from(Trigger)),
                draw(st.integers(1, 5)),
                cross_account=target is None or draw(st.integers(0, 5)) == 0,
                repositories=draw(st.sampled_from((".*", "w.*"))) if level is not Level.REPOSITORY else ".*",
                link=draw(st.sampled_from(("", "link-1"))),
            )
        )
    return tuple(made)


@st.composite
def accounts(draw: st.DrawFn) -> Live:
    found = tuple(draw(instances(number)) for number in range(draw(st.integers(0, 3))))
    with_rules = tuple(
        replace(one, sync_rules=draw(rules_of(one, tuple(o for o in found if o is not one)))) for one in found
    )
    return Live(with_rules)


@settings(max_examples=60, suppress_health_check=[HealthCheck.data_too_large])
@given(accounts())
def test_an_export_validates_and_plans_empty(live: Live) -> None:
    asked = frozenset(instance.id for instance in live.instances)
    text = exported(live, asked)

    assert text == exported(replace(live, instances=tuple(reversed(live.instances))), asked)
    loaded = load_texts(Texts((SourceText("a.yaml", text),), ()), environment={})
    found = [*loaded.diagnostics, *rules.check(loaded.desired, graph.build(loaded.desired))]
    assert [d.rule for d in found if d.severity is Severity.ERROR] == (
        [] if loaded.desired.instances else ["R-SPEC-24"]
    )
    drafted = planning.draft(loaded.desired, live, Options())
    assert drafted.changes == ()
    assert drafted.transfers == ()
    assert [d.summary for d in drafted.diagnostics if d.severity is Severity.ERROR] == []

    # Nothing is lost without a word: every object is declared or named in a comment.
    data = yaml.safe_load(text)
    comments = "\n".join(line for line in text.splitlines() if line.lstrip().startswith("#"))
    declared = data.get("instances") or {}
    foreign = {rule.target_instance for i in live.instances for rule in i.sync_rules if rule.cross_account}
    for instance in live.instances:
        entry = next((e for e in declared.values() if _is(e, instance)), None) or declared.get(instance.name)
        if instance.id in foreign:
            continue
        assert entry is not None or instance.id in comments, instance.id
        if entry is None or instance.status != "RUNNING":
            continue
        lost = [n.name for n in instance.namespaces if n.name not in entry.get("namespaces", {})]
        lost += [r.name for r in instance.repositories if r.name not in entry.get("repositories", {})]
        assert [name for name in lost if f".{name}:" not in comments] == []


def _is(entry: dict[str, str], instance: LiveInstance) -> bool:
    named = entry.get("id") == instance.id or entry.get("name") == instance.name
    return named and entry["region"] == instance.region
