from __future__ import annotations

import pytest

from reconciler.executor.endpoint import apply_endpoint
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.live import LiveEndpoint
from reconciler.model.plan import Action
from reconciler.model.spec import AclEntry, Desired, InternetEndpoint
from tests.unit.executor.account import Fault, lost
from tests.unit.executor.workshop import INSTANCES, Workshop, change

A, B, C = AclEntry("198.51.100.0/24"), AclEntry("203.0.113.0/24"), AclEntry("2001:db8::/32")


def renamed(entry: AclEntry) -> AclEntry:
    return AclEntry(entry.cidr, "new comment")


def _apply(workshop: Workshop, *allow: AclEntry, enabled: bool = True, keep: bool = False) -> None:
    desired = Desired(instances=INSTANCES, endpoints=(InternetEndpoint("hub", enabled, None if keep else allow),))
    apply_endpoint(workshop.bench(desired), change(address.endpoint("hub", "internet"), Action.UPDATE))


def _open(*allow: AclEntry) -> Workshop:
    workshop = Workshop()
    workshop.account.shelves["cri-hub"].endpoint = LiveEndpoint(True, "RUNNING", allow)
    return workshop


def test_a_closed_endpoint_is_opened_before_its_list_is_filled() -> None:
    workshop = Workshop()
    _apply(workshop, A)
    assert workshop.account.calls == ["endpoint on", f"allow {A.cidr}"]


def test_an_open_endpoint_is_closed_and_its_list_left_alone() -> None:
    workshop = _open(A)
    _apply(workshop, B, enabled=False)
    assert workshop.account.calls == ["endpoint off"]


def test_entries_are_added_before_others_are_removed() -> None:
    workshop = _open(A, B)
    _apply(workshop, B, C)
    assert workshop.account.calls == [f"allow {C.cidr}", f"disallow {A.cidr}"]


def test_nothing_is_removed_before_the_new_entries_can_be_read() -> None:
    workshop = _open(A)
    seen: list[int] = []

    def before(call: str) -> None:
        if call.startswith("disallow"):
            seen.append(workshop.account.late)
        else:
            workshop.account.late = 4

    workshop.account.before = before
    _apply(workshop, C)
    assert seen == [0]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ((A,), (B,)),
        ((A,), (renamed(A),)),
        ((A, B), (renamed(A), renamed(B))),
        ((A, B), (renamed(A),)),
        ((A, B), (renamed(A), C)),
        ((A, B, C), (renamed(C), A)),
        ((AclEntry("192.0.2.1/32", "holds the list while an entry changes"), A), (renamed(A),)),
    ],
)
def test_the_list_is_never_empty_on_the_way(found: tuple[AclEntry, ...], wanted: tuple[AclEntry, ...]) -> None:
    workshop = _open(*found)
    _apply(workshop, *wanted)
    assert all(workshop.account.acl)
    assert workshop.account.shelves["cri-hub"].endpoint.allow == tuple(sorted(wanted))


def test_an_empty_list_would_open_the_instance_and_is_refused() -> None:
    workshop = _open(A)
    with pytest.raises(StepFailed, match="open the instance to everybody"):
        _apply(workshop)
    assert workshop.account.calls == []


def test_an_empty_list_that_is_empty_stays_so() -> None:
    workshop = Workshop()
    _apply(workshop)
    assert workshop.account.calls == ["endpoint on"]


def test_a_list_that_is_not_declared_is_left_alone() -> None:
    workshop = _open(A)
    _apply(workshop, keep=True)
    assert workshop.account.calls == []


def test_an_entry_that_the_service_drops_fails_the_step() -> None:
    workshop = _open(A)
    workshop.account.late = 1000
    with pytest.raises(StepFailed, match="not reached"):
        _apply(workshop, A, B)


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize("call", ["endpoint on", f"allow {A.cidr}", f"disallow {C.cidr}"])
def test_a_call_whose_answer_is_lost_is_looked_after(call: str, happened: bool) -> None:
    workshop = Workshop()
    if call != "endpoint on":
        workshop = _open(C)
    workshop.account.faults[call] = Fault(lost(), happened=happened)
    _apply(workshop, A)
    assert workshop.account.calls.count(call) == (1 if happened else 2)
    assert workshop.account.shelves["cri-hub"].endpoint.allow == (A,)
    assert all(workshop.account.acl)
