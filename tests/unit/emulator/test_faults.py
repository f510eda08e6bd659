"""Faults of replication tasks: whom they meet, how often, and the call that asks for them."""

from __future__ import annotations

import dataclasses

import httpx
import pytest

from reconciler.emulator.call_faults import CallFaults
from reconciler.emulator.faults import TaskFault, TaskFaults
from reconciler.emulator.refusal import Refused
from reconciler.emulator.server import LocalCloud
from reconciler.emulator.sync_rule import SyncTrigger
from reconciler.emulator.sync_task import ImagePlace, SyncTask
from reconciler.model.image import Digest
from reconciler.model.json_value import Json


def task(repository: str, tag: str = "v1") -> SyncTask:
    namespace, _, name = repository.partition("/")
    place = ImagePlace("cn-hangzhou", "cri-hub", namespace, name, tag)
    return SyncTask("rst-1", "batch", place, place, Digest("sha256:" + "0" * 64), SyncTrigger.PASSIVE, 3, True, 0, 0)


def test_a_fault_strikes_as_often_as_it_says_and_whom_it_names() -> None:
    faults = TaskFaults()
    faults.add([TaskFault(times=2, repository="apps/.*", tag="v1"), TaskFault("DISK_FULL")])
    assert faults.meet(task("base/os")) == TaskFault("DISK_FULL")
    assert faults.meet(task("base/os")) is None
    assert faults.meet(task("apps/web", "v2")) is None
    met = [faults.meet(task("apps/web")) for _ in range(3)]
    assert [fault.issue if fault else "" for fault in met] == ["NETWORK_ERROR", "NETWORK_ERROR", ""]
    assert faults.left == ()


def test_a_pattern_that_is_none_is_refused_and_nothing_is_added() -> None:
    faults = TaskFaults()
    with pytest.raises(Refused, match="not a regular expression"):
        faults.add([TaskFault(), TaskFault(tag="(")])
    assert faults.left == ()


def test_faults_are_added_told_and_taken_back_over_http(cloud: LocalCloud) -> None:
    with httpx.Client(base_url=cloud.endpoint, trust_env=False) as http:
        added = http.post("/emulator/faults", json={"tasks": [{"repository": "apps/web", "times": 3}]})
        left = {"issue": "NETWORK_ERROR", "times": 3, "repository": "apps/web", "tag": "", "after_layers": 0}
        calm = dataclasses.asdict(CallFaults())
        assert added.json() == http.get("/emulator/faults").json() == {"tasks": [left], "calls": calm}
        calls = {"throttled": 0.5, "seed": 7}
        assert http.post("/emulator/faults", json={"calls": calls}).json()["calls"] == {**calm, **calls}
        assert http.delete("/emulator/faults").json() == {"tasks": [], "calls": calm}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], 'the body is {"tasks": [...], "calls": {...}}'),
        ({"task": []}, 'the body is {"tasks": [...], "calls": {...}}'),
        ({"tasks": {}}, "`tasks` is a list"),
        ({"calls": []}, "`calls` is a mapping"),
        ({"calls": {"loss": 1}}, "calls have no `loss`"),
        ({"calls": {"lost": "1"}}, '`lost` cannot be: "1"'),
        ({"calls": {"lost": 0.7, "failed": 0.7}}, "1 together at most"),
        ({"tasks": [1]}, "a fault is a mapping"),
        ({"tasks": [{"isue": "X"}]}, "a fault has no `isue`"),
        ({"tasks": [{"times": "3"}]}, '`times` cannot be: "3"'),
        ({"tasks": [{"after_layers": -1}]}, "`after_layers` cannot be: -1"),
        ({"tasks": [{"tag": "("}]}, "not a regular expression: ("),
    ],
)
def test_a_malformed_fault_is_told(cloud: LocalCloud, document: Json, complaint: str) -> None:
    answer = httpx.post(f"{cloud.endpoint}/emulator/faults", json=document, trust_env=False)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_other_methods_and_other_bodies_are_told(cloud: LocalCloud) -> None:
    url = f"{cloud.endpoint}/emulator/faults"
    assert httpx.put(url, trust_env=False).status_code == 405
    assert "not JSON" in httpx.post(url, content=b"{", trust_env=False).json()["message"]
