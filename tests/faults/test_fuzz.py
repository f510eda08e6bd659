"""Drawn sequences of faults. `FAULT_SEED=17` replays one of them; `FAULT_SEEDS=300` draws so many."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from reconciler.model.report import ImageResult
from reconciler.transfer.journal import Journal
from tests.faults.answers import Knobs, Location, Mounting
from tests.faults.faults import (
    Ask,
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
)
from tests.faults.world import BIG, world

_UPLOADS = (Kind.START, Kind.MOUNT, Kind.PATCH, Kind.PUT, Kind.STATUS, Kind.CANCEL)
_STATUSES = (400, 403, 404, 408, 416, 429, 429, 500, 500, 502, 502, 503, 503, 504, 504)


def seeds() -> list[int]:
    if "FAULT_SEED" in os.environ:
        return [int(os.environ["FAULT_SEED"])]
    return list(range(int(os.environ.get("FAULT_SEEDS", "25"))))


def drawn_fault(draw: random.Random) -> Fault:
    """Most faults are cuts, as in life; those that take time to be noticed are rare, for the sake of the tests."""
    size = draw.choice((0, 1, 100, 5_000, 50_000, draw.randrange(BIG)))
    choices: tuple[tuple[int, Fault], ...] = (
        (5, CutRequest(size, reset=draw.random() < 0.5)),
        (5, CutHead(draw.randrange(200))),
        (5, CutBody(size)),
        (1, Stall(draw.choice((None, size)))),
        (1, StopReading(size)),
        (2, WrongLength(draw.choice((-100, -1, 1, 100)))),
        (2, Flip(size)),
        (5, Refuse(draw.choice(_STATUSES), draw.choice(({}, {"Retry-After": "1"})))),
        (2, RefuseEarly(draw.choice((401, 413, 500, 503)), hold=draw.random() < 0.2)),
        (1, Dress((("Docker-Content-Digest", "sha256:" + "0" * 64),))),
        (1, Dress((("Location", draw.choice(("", "http://[::1", "/v2/", "\u00e9"))),))),
        (2, Close()),
    )
    return draw.choices([fault for _, fault in choices], [weight for weight, _ in choices])[0]


def drawn_policy(seed: str, rate: float) -> Policy:
    """The n-th request for the same thing meets the same fault whenever this seed is run, in whatever order threads
    come."""
    times: Counter[tuple[str, ...]] = Counter()

    def policy(ask: Ask) -> Fault | None:
        thing = (ask.kind, ask.method, ask.repository, "" if ask.kind in _UPLOADS else ask.reference)
        times[thing] += 1
        draw = random.Random(f"{seed} {thing} {times[thing]}")
        return drawn_fault(draw) if draw.random() < rate else None

    return policy


def drawn_knobs(draw: random.Random) -> Knobs:
    forms = (Location.PATH, Location.ABSOLUTE, Location.OTHER_SCHEME, Location.QUERY, Location.DOTS, Location.NO_SCHEME)
    return Knobs(
        patience=0.25,
        piece=draw.choice((50_000, 100_000, 10_000_000)),
        location=draw.choice(forms),
        mounting=draw.choice((Mounting.YES, Mounting.YES, Mounting.NEVER, Mounting.LIES)),
        keeps_partial=draw.random() < 0.5,
        largest_body=draw.choice((None, None, 80_000)),
        takes_single_posts=draw.random() < 0.4,
        takes_puts_with_body=draw.random() < 0.8,
        ranges=draw.choice(("yes", "yes", "ignored", "refused")),
        tokens=draw.random() < 0.4,
        token_uses=draw.choice((0, 15)),
    )


@pytest.mark.parametrize("seed", seeds())
def test_the_laws_hold_whatever_happens(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    rate = draw.choice((0.02, 0.1, 0.3))
    with world(drawn_knobs(draw), drawn_knobs(draw)) as w:
        ordered = w.order()
        w.source.goes_wrong(drawn_policy(f"{seed} source", rate))
        w.target.goes_wrong(drawn_policy(f"{seed} target", rate))
        with Journal.open(tmp_path / "journal") as journal:
            copied = w.copy(ordered, journal, workers=draw.choice((1, 3)))
        w.check(copied)
        imported = [o for o in copied.result.outcomes if o.result is ImageResult.IMPORTED]

        # The next run meets no fault: it finishes the rest, and sends nothing again that was confirmed to the first.
        w.source.goes_wrong(calm)
        w.target.goes_wrong(calm)
        w.target.store.wrong_bytes.clear()
        with Journal.open(tmp_path / "journal") as journal:
            again = w.copy(ordered, journal)
        assert again.reasons == [""] * 3
        assert w.all_arrived(ordered)
        assert w.target.store.violations == []
        assert {key: times for key, times in w.target.store.confirmed.items() if times > 1} == {}
        skipped = [o for o in again.result.outcomes if o.result is ImageResult.SKIPPED]
        assert len(skipped) >= len(imported)
