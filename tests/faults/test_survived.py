"""Faults that pass: every image arrives, byte for byte, and nothing that was confirmed is sent again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.faults.answers import Knobs, Location, Mounting
from tests.faults.faults import (
    Close,
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
    calm,
    once,
)
from tests.faults.world import SHARED_BLOB, world


@dataclass(frozen=True)
class Case:
    """What kind of registries these are, and which of their requests go wrong how."""

    source: Policy = calm
    target: Policy = calm
    giver: Knobs = field(default_factory=Knobs)
    taker: Knobs = field(default_factory=Knobs)


def busy(status: int) -> Refuse:
    return Refuse(status, code="UNAVAILABLE")


def burst(status: int) -> Policy:
    return lambda ask: busy(status) if ask.number <= 2 else None


def everywhere(fault: Fault) -> Policy:
    """The first request of each kind goes wrong."""
    return lambda ask: fault if ask.number == 1 else None


TOO_MANY = Refuse(429, {"Retry-After": "1"}, "TOOMANYREQUESTS")
DATED = Refuse(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})

CASES = {
    **{
        f"the target's connection is cut after {after} bytes of a {kind}": Case(
            target=once(kind, CutRequest(after)), taker=Knobs(piece=100_000)
        )
        for kind in (Kind.PUT, Kind.PATCH)
        for after in (0, 1, 30_000)
    },
    "an upload is cut every 20,000 bytes": Case(
        target=lambda ask: CutRequest(20_000) if ask.kind is Kind.PUT and ask.length > 50_000 else None
    ),
    "the target's connection is reset in a body": Case(target=once(Kind.PUT, CutRequest(500, reset=True))),
    **{
        f"an answer's head is cut after {after} bytes, on both sides": Case(
            everywhere(CutHead(after)), everywhere(CutHead(after)), taker=Knobs(piece=100_000)
        )
        for after in (0, 1, 12, 20, 40, 60, 75, 90, -1)
    },
    **{
        f"a blob from the source is cut after {after} bytes": Case(source=once(Kind.BLOB, CutBody(after)))
        for after in (0, 1, 8_999)
    },
    "a blob from the source is cut again and again": Case(
        source=once(Kind.BLOB, CutBody(100_000), numbers=tuple(range(1, 8)))
    ),
    "a manifest from the source is cut": Case(source=once(Kind.MANIFEST, CutBody(100))),
    "the source says nothing": Case(everywhere(Stall()), giver=Knobs(patience=0.3)),
    "the source stops in a blob": Case(once(Kind.BLOB, Stall(4_000)), giver=Knobs(patience=0.3)),
    "the target says nothing": Case(target=everywhere(Stall()), taker=Knobs(patience=0.3)),
    "the target stops reading": Case(target=once(Kind.PUT, StopReading(10)), taker=Knobs(patience=0.3)),
    "the length of a blob is too long": Case(once(Kind.BLOB, WrongLength(10))),
    "the length of a blob is too short": Case(once(Kind.BLOB, WrongLength(-10))),
    "the length of a manifest is too long": Case(once(Kind.MANIFEST, WrongLength(10))),
    "the length of a manifest is too short": Case(once(Kind.MANIFEST, WrongLength(-10))),
    "the lengths of answers to uploads are too long": Case(
        target=lambda ask: WrongLength(5) if ask.number == 1 and ask.kind in (Kind.START, Kind.PUT) else None
    ),
    "a byte of a blob is flipped once": Case(once(Kind.BLOB, Flip(77))),
    "a byte of a manifest is flipped once": Case(once(Kind.MANIFEST, Flip(77))),
    "too many requests, wait so many seconds": Case(everywhere(TOO_MANY), everywhere(TOO_MANY)),
    "too many requests, wait until a date": Case(everywhere(DATED), everywhere(DATED)),
    "too many requests, and no more said": Case(everywhere(Refuse(429)), everywhere(Refuse(429))),
    **{f"a burst of {status}": Case(burst(status), burst(status)) for status in (500, 502, 503, 504)},
    "the confirmation of a blob is lost": Case(
        target=lambda ask: CutHead(0) if ask.kind is Kind.PUT and ask.number <= 3 else None
    ),
    "the confirmation of a piece is lost": Case(
        target=once(Kind.PATCH, CutHead(0), numbers=(1, 3)), taker=Knobs(piece=100_000)
    ),
    "the confirmation of a manifest is lost": Case(
        target=once(Kind.MANIFEST, CutHead(0), method="PUT", numbers=(1, 2))
    ),
    **{
        f"upload locations: {form}": Case(taker=Knobs(location=form, piece=100_000))
        for form in (
            Location.PATH,
            Location.ABSOLUTE,
            Location.OTHER_SCHEME,
            Location.QUERY,
            Location.DOTS,
            Location.NO_SCHEME,
        )
    },
    "ranges are refused": Case(once(Kind.BLOB, CutBody(5_000), numbers=(1, 2, 3)), giver=Knobs(ranges="refused")),
    "ranges are ignored": Case(once(Kind.BLOB, CutBody(5_000), numbers=(1, 2, 3)), giver=Knobs(ranges="ignored")),
    "mounts are not known": Case(taker=Knobs(mounting=Mounting.NEVER)),
    "mounts are confirmed and not done": Case(taker=Knobs(mounting=Mounting.LIES)),
    "the target forgets a blob": Case(taker=Knobs(forgets={SHARED_BLOB})),
    "HEAD is not answered": Case(giver=Knobs(answers_head=False), taker=Knobs(answers_head=False)),
    "large bodies are refused": Case(taker=Knobs(largest_body=150_000)),
    "large bodies are refused early": Case(target=lambda ask: RefuseEarly(413) if ask.length > 150_000 else None),
    "large bodies are refused early and not read": Case(
        target=lambda ask: RefuseEarly(413, hold=True) if ask.length > 150_000 else None
    ),
    "a body in the final PUT is refused": Case(taker=Knobs(takes_puts_with_body=False)),
    "pieces are refused": Case(taker=Knobs(takes_patches=False, piece=100_000)),
    "pieces must not be small": Case(taker=Knobs(least_piece=250_000, piece=100_000)),
    "sessions are gone after each cut": Case(
        target=once(Kind.PATCH, CutRequest(50_000), numbers=(2, 5)),
        taker=Knobs(piece=100_000, state_in_location=True),
    ),
    "broken pieces are forgotten": Case(
        target=once(Kind.PATCH, CutRequest(50_000), numbers=(1, 4)),
        taker=Knobs(piece=100_000, keeps_partial=False),
    ),
    "connections are closed after every answer": Case(lambda _: Close(), lambda _: Close()),
    "connections end when another body comes": Case(
        target=lambda ask: CutRequest(0) if ask.kept and ask.length else None
    ),
    "connections end when another piece comes": Case(
        target=lambda ask: CutRequest(0) if ask.kept and ask.length else None, taker=Knobs(piece=100_000)
    ),
    "tokens end after ten uses": Case(giver=Knobs(tokens=True, token_uses=10), taker=Knobs(tokens=True, token_uses=10)),
    "tokens end in an upload by pieces": Case(taker=Knobs(tokens=True, token_uses=8, piece=50_000)),
    "an early 401 in an upload": Case(
        target=lambda ask: RefuseEarly(401) if ask.kind is Kind.PUT and ask.number == 1 else None,
        taker=Knobs(tokens=True),
    ),
    "an early 416 in an upload by pieces": Case(
        target=lambda ask: RefuseEarly(416) if ask.kind is Kind.PATCH and ask.number in (2, 3) else None,
        taker=Knobs(piece=100_000),
    ),
    "an early 416 that is not followed by reading": Case(
        target=lambda ask: RefuseEarly(416, hold=True) if ask.kind is Kind.PATCH and ask.number == 2 else None,
        taker=Knobs(piece=100_000),
    ),
    "the token server fails once": Case(
        once(Kind.TOKEN, busy(503)), once(Kind.TOKEN, CutHead(0)), Knobs(tokens=True), Knobs(tokens=True)
    ),
    "the confirmation of a single POST is lost": Case(
        target=once(Kind.START, CutHead(0), numbers=(1, 3)), taker=Knobs(takes_single_posts=True)
    ),
    "single POSTs are cut": Case(
        target=once(Kind.START, CutRequest(20), numbers=(1, 2)), taker=Knobs(takes_single_posts=True)
    ),
    "odd and doubled headers": Case(
        lambda _: Dress((("X-ODD", "é"), ("x-odd", ""), ("Docker-Content-Digest", "nonsense"), ("Server", "a, b"))),
        lambda _: Dress((("Docker-Content-Digest", ""), ("x-fold", "a\r\n b"))),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_image_arrives(case: Case) -> None:
    with world(case.giver, case.taker) as w:
        ordered = w.order()
        w.source.goes_wrong(case.source)
        w.target.goes_wrong(case.target)

        copied = w.copy(ordered)

        assert copied.reasons == [""] * 3
        w.check(copied)
        assert w.all_arrived(ordered)
        if case.source is not calm or case.target is not calm:
            assert any(fault is not None for _, fault in (*w.source.log, *w.target.log)), "the fault never happened"


@pytest.mark.parametrize("fault", [CutRequest(50_000), CutHead(0), CutBody(0), Refuse(503)])
def test_an_upload_that_breaks_off_goes_on_and_sends_no_byte_twice(fault: Fault) -> None:
    with world(target=Knobs(piece=100_000)) as w:
        ordered = w.order()
        w.target.goes_wrong(once(Kind.PATCH, fault, numbers=(2, 4)))

        copied = w.copy(ordered)

        assert copied.reasons == [""] * 3
        sent = sum(w.target.store.payload.values())
        refused = 200_000 if isinstance(fault, Refuse) else 0
        completed = sum(len(w.target.store.blobs[place][digest]) for place, digest in w.target.store.confirmed)
        assert sent - refused == completed
