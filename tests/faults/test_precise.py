"""Faults that stay: the image that meets one fails with a reason that names it, and the others arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from reconciler.model.report import ImageResult
from tests.faults.answers import Knobs, Location, Mounting
from tests.faults.faults import (
    Ask,
    CutBody,
    CutHead,
    CutRequest,
    Dress,
    Fault,
    Flip,
    Kind,
    Policy,
    Refuse,
    RefuseEarly,
    Stall,
    StopReading,
    WrongLength,
    always,
    calm,
)
from tests.faults.world import BIG_BLOB, IMAGES, SHARED_BLOB, world

WEB1 = {("apps/web", "v1")}
WEB = {("apps/web", "v1"), ("apps/web", "v2")}
ALL = set(IMAGES)


@dataclass(frozen=True)
class Case:
    """`lost` are the images that cannot be had, each for a `reason`, a pattern."""

    reason: str
    lost: set[tuple[str, str]]
    source: Policy = calm
    target: Policy = calm
    giver: Knobs = field(default_factory=Knobs)
    taker: Knobs = field(default_factory=Knobs)


def big(fault: Fault) -> Policy:
    return always(Kind.BLOB, fault, reference=BIG_BLOB)


def tag(fault: Fault, method: str) -> Policy:
    return always(Kind.MANIFEST, fault, method=method, reference="v1")


def putting(fault: Fault) -> Policy:
    """The upload of the large blob, which is the only request of more than 500,000 bytes."""
    return lambda ask: fault if ask.kind is Kind.PUT and ask.length > 500_000 else None


def misread_tags(ask: Ask) -> Fault | None:
    """Tags are written without a word about what was stored, and then read as something else."""
    if ask.kind is not Kind.MANIFEST or ask.reference != "v1":
        return None
    if ask.method == "PUT":
        return Dress((("Docker-Content-Digest", ""),))
    return Dress((("Docker-Content-Digest", "sha256:" + "0" * 64),)) if ask.tagged else None


CASES = {
    "a blob is not at the source": Case(f"blob apps/web@{BIG_BLOB}: 404", WEB1, big(Refuse(404, code="BLOB_UNKNOWN"))),
    "a blob is always damaged": Case(f"source of blob {BIG_BLOB} is damaged: its bytes have", WEB1, big(Flip(-1))),
    "a blob is always cut at its start": Case("ended after 0 of 600000 bytes", WEB1, big(CutBody(0))),
    "the head of a blob's answer is always cut": Case("ended in the head of an answer", WEB1, big(CutHead(30))),
    "the source always stalls in a blob": Case(
        f"blob apps/web@{BIG_BLOB}: timed out", WEB1, big(Stall(0)), giver=Knobs(patience=0.2)
    ),
    "a blob's length is always too short": Case(
        "ended after 599990 of 600000", WEB1, big(WrongLength(-10)), giver=Knobs(ranges="ignored")
    ),
    "the source is busy for long": Case(f"{BIG_BLOB}: 503", WEB1, big(Refuse(503))),
    "the source wants a pause of a day": Case(f"{BIG_BLOB}: 429", WEB1, big(Refuse(429, {"Retry-After": "86400"}))),
    "a blob redirects in circles": Case(
        "more than 5 redirects",
        WEB1,
        lambda ask: Refuse(307, {"Location": ask.path}) if ask.reference == BIG_BLOB else None,
    ),
    "a blob redirects to no place": Case("a redirect without a location", WEB1, big(Refuse(302))),
    "a blob redirects to what is no URL": Case("no URL", WEB1, big(Refuse(302, {"Location": "http://[::1"}))),
    "a blob redirects to another protocol": Case(
        "not https: ftp://elsewhere.example.com", WEB1, big(Refuse(302, {"Location": "ftp://elsewhere.example.com/x"}))
    ),
    "uploads have no location": Case("the registry gave no location", ALL, taker=Knobs(location=Location.MISSING)),
    "upload locations are no URLs": Case("no URL", ALL, taker=Knobs(location=Location.NONSENSE)),
    "upload locations have no port": Case("no URL", ALL, taker=Knobs(location=Location.BAD_PORT)),
    "an upload is always cut": Case(
        f"upload of prod/apps/web@{BIG_BLOB}: ",
        WEB1,
        target=putting(CutRequest(1000)),
        taker=Knobs(keeps_partial=False),
    ),
    "an upload is never read": Case(
        "upload of .*: timed out", WEB1, target=putting(StopReading(0)), taker=Knobs(patience=0.2)
    ),
    "an upload is denied": Case(f"{BIG_BLOB}: 403", WEB1, target=putting(RefuseEarly(403))),
    "an upload is denied and not read": Case(f"{BIG_BLOB}: 403", WEB1, target=putting(RefuseEarly(403, hold=True))),
    "no body is small enough": Case("upload of .*: 413", ALL, taker=Knobs(largest_body=100)),
    "neither pieces nor whole blobs are taken": Case(
        "upload of .*: 4(05|11) unsupported", ALL, taker=Knobs(takes_patches=False, takes_puts_with_body=False)
    ),
    "a blob is stored under another digest": Case(
        f"{BIG_BLOB}: the registry stored sha256:0{{64}}",
        WEB1,
        target=putting(Dress((("Docker-Content-Digest", "sha256:" + "0" * 64),))),
    ),
    "a tag reads as another digest": Case(
        "was written as sha256:.* and reads sha256:0{64}",
        {("apps/web", "v1"), ("apps/api", "v1")},
        target=misread_tags,
    ),
    "a manifest is said to be stored under another digest": Case(
        "manifest .*:v1: the registry stored sha256:0{64}",
        {("apps/web", "v1"), ("apps/api", "v1")},
        target=tag(Dress((("Docker-Content-Digest", "sha256:" + "0" * 64),)), "PUT"),
    ),
    "a manifest is refused": Case(
        "manifest .*:v1: 400 no",
        {("apps/web", "v1"), ("apps/api", "v1")},
        target=tag(Refuse(400, code="MANIFEST_INVALID"), "PUT"),
    ),
    "a manifest's content is never there": Case(
        "manifest .*:v1: 404 no",
        {("apps/web", "v1"), ("apps/api", "v1")},
        target=tag(Refuse(404, code="MANIFEST_BLOB_UNKNOWN"), "PUT"),
    ),
    "mounts and their session are refused": Case(
        "upload to prod/apps/web: 403|upload to prod/apps/api: 403|mount of .*: 403",
        ALL,
        target=lambda ask: Refuse(403, code="DENIED") if ask.kind in (Kind.START, Kind.MOUNT) else None,
    ),
    "the token server refuses": Case(
        "token for .*: 403", ALL, target=always(Kind.TOKEN, Refuse(403, code="DENIED")), taker=Knobs(tokens=True)
    ),
    "the token server always fails": Case(
        "token for .*: 502", ALL, target=always(Kind.TOKEN, Refuse(502)), taker=Knobs(tokens=True)
    ),
    "the shared blob is not at the source": Case(
        f"{SHARED_BLOB}: 404", ALL, always(Kind.BLOB, Refuse(404), reference=SHARED_BLOB)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_reason_names_the_fault_and_the_others_arrive(case: Case) -> None:
    with world(case.giver, case.taker) as w:
        ordered = w.order()
        w.source.goes_wrong(case.source)
        w.target.goes_wrong(case.target)

        copied = w.copy(ordered)

        w.check(copied)
        outcomes = {(o.source.repository, o.source.tag): o for o in copied.result.outcomes}
        assert {name for name, outcome in outcomes.items() if outcome.result is ImageResult.FAILED} == case.lost
        for name in case.lost:
            assert re.search(case.reason, outcomes[name].reason)
            assert "secret" not in outcomes[name].reason


def test_damaged_bytes_are_never_completed() -> None:
    with world() as w:
        ordered = w.order()
        w.source.goes_wrong(always(Kind.BLOB, Flip(0)))
        copied = w.copy(ordered)
        w.check(copied)
        assert {outcome.result for outcome in copied.result.outcomes} == {ImageResult.FAILED}
        assert dict(w.target.store.tags) == {}
        assert all(not blobs for blobs in w.target.store.blobs.values())


def test_a_registry_that_mounts_nothing_it_confirms_is_healed_once() -> None:
    with world(target=Knobs(mounting=Mounting.LIES)) as w:
        ordered = w.order()
        copied = w.copy(ordered)
        w.check(copied)
        assert copied.reasons == [""] * 3
        assert len(w.target.asked(Kind.MANIFEST, "PUT")) == len(IMAGES) + 1
