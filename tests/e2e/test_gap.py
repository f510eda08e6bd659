"""A rule that is replaced: while the old one is gone and the new one is not there yet, somebody goes on pushing."""

from __future__ import annotations

import threading
from pathlib import Path

from reconciler.acr.cr import Cr
from reconciler.emulator.call_faults import CallFaults
from reconciler.model.image import Digest
from reconciler.model.spec import Trigger
from tests.e2e.stage import EU, HUB, Stage, picture, staged

SPEC = """\
version: 1
instances:
  hub: {region: cn-hangzhou, edition: advanced, name: acme-hub, namespaces: {apps: {auto_create: true}}}
  eu: {region: eu-central-1, edition: basic, name: acme-eu, namespaces: {apps: {auto_create: true}}}
replications:
  apps: {source: hub, targets: [eu], level: namespace, namespace: apps, priority: PRIORITY}
"""
FEWEST, MOST = 5, 400


class Pusher:
    """Pushes one image after another until it is told to stop; `pushed` are their tags and digests."""

    def __init__(self, stage: Stage) -> None:
        self.pushed: dict[str, Digest] = {}
        self._stage = stage
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Pusher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        for number in range(MOST):
            if self._stop.is_set():
                return
            tag = f"g{number}"
            self.pushed[tag] = self._stage.push(HUB, "apps/web", tag, picture(tag))


def by_whom(cr: Cr, region: str, hub: str) -> dict[str, set[Trigger]]:
    """What started the tasks of each tag: its push, by a rule, or a call."""
    found: dict[str, set[Trigger]] = {}
    for task in cr.list_sync_tasks(region, hub):
        found.setdefault(task.source.tag, set()).add(task.trigger)
    return found


def test_a_replaced_rule_loses_nothing_that_is_pushed_in_the_gap(tmp_path: Path) -> None:
    seed, spec = SPEC.replace("PRIORITY", "3"), SPEC.replace("PRIORITY", "5")
    with staged(tmp_path, seed=seed, spec=spec) as stage:
        stage.push(HUB, "apps/web", "before", picture("before"))
        stage.apply("--only", "instances.eu")  # nothing; the rule has replicated the push by then
        stage.local.spoil_calls(CallFaults(latency=0.25))  # the gap is at least so long
        with Pusher(stage) as pusher:
            told = stage.apply()
        stage.local.spoil_calls(CallFaults())
        assert "replications.apps[eu]" in told

        with stage.cr() as (cr, region, hub):
            started = by_whom(cr, region, hub)
        missed_by_rules = {tag for tag in pusher.pushed if Trigger.PUSH not in started.get(tag, set())}
        assert len(pusher.pushed) >= FEWEST
        assert missed_by_rules, "nothing was pushed in the gap, so nothing was shown"

        late = {tag for tag, digest in pusher.pushed.items() if stage.digest(EU, "apps/web", tag) != digest}
        assert not late & missed_by_rules  # the run itself copied what no rule did
        stage.apply()  # waits for what the new rule still has on its way
        assert {tag: stage.digest(EU, "apps/web", tag) for tag in pusher.pushed} == pusher.pushed
        stage.settled()
