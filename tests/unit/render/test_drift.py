from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from syrupy.assertion import SnapshotAssertion

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.drift import Drift
from reconciler.model.json_value import pretty
from reconciler.render import drift_human, drift_json
from reconciler.render.style import PLAIN


def saved(drift: Drift) -> str:
    return pretty(drift_json.to_json(drift, created="2026-11-22T01:02:03Z", tool_version="0.1.0"))


def test_drift_reads_well(drift: Drift, snapshot: SnapshotAssertion) -> None:
    assert drift_human.render(drift, PLAIN) == snapshot


def test_json(drift: Drift, snapshot: SnapshotAssertion, follows: Callable[[str, str], None]) -> None:
    follows("drift.v1", saved(drift))
    assert saved(drift) == snapshot
    assert saved(replace(drift, images=drift.images[::-1])) == saved(drift)


def test_no_drift_is_only_said_when_all_was_seen(drift: Drift, diagnostics: tuple[Diagnostic, ...]) -> None:
    none = replace(drift, changes=(), images=())
    assert drift_human.render(none, PLAIN) == "no drift: everything that was compared is as declared\n"
    assert "no drift" not in drift_human.render(replace(none, diagnostics=diagnostics), PLAIN)


def test_many_images_are_cut_unless_asked_for(drift: Drift) -> None:
    many = replace(
        drift,
        images=tuple(
            replace(drift.images[0], image=replace(drift.images[0].image, tag=f"v{n:03}")) for n in range(100)
        ),
    )
    assert "    and 80 more images; `--format json` lists all\n" in drift_human.render(many, PLAIN)
    assert drift_human.render(many, PLAIN, verbose=True).count(": missing") == 100
