"""One copy in a process of its own, which may be killed; a file says at any time how many bytes it has sent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.oci.patience import Backoff
from reconciler.transfer.engine import TransferResult, run
from reconciler.transfer.events import BlobProgress, Event
from reconciler.transfer.journal import Journal
from tests.unit.transfer.lab import Order, order

REPOSITORY, TAG = "big/image", "v1"


@dataclass(frozen=True)
class Place:
    """A registry by its address; `login` is `user:password`, or empty."""

    host: str
    login: str = ""
    piece: int = 1

    def client(self) -> Registry:
        user, _, password = self.login.partition(":")
        login = Login(user, password) if user else None
        # A registry may take a moment to see that who sent to an upload is dead.
        backoff = Backoff(attempts=7, first=0.1)
        return Registry(self.host, lambda _: login, backoff=backoff, piece=self.piece)


def plan(source: Place, target: Place, below: str) -> Order:
    return order(source, target, [(REPOSITORY, TAG)], below=below)


def copy(ordered: Order, places: tuple[Place, Place], journal: Path, sent: Callable[[int], None]) -> TransferResult:
    """`sent` hears of every buffer that went out. One worker, so that one blob is under way at a time."""
    clients = {place.host: place.client() for place in places}

    def listen(event: Event) -> None:
        if isinstance(event, BlobProgress):
            sent(event.sent)

    try:
        with Journal.open(journal) as kept:
            return run(ordered.plan, registries=clients.__getitem__, journal=kept, listener=listen, workers=1)
    finally:
        for client in clients.values():
            client.close()


def main(source: str, target: str, login: str, piece: str, below: str, journal: str, counter: str) -> None:
    places = Place(source), Place(target, login, int(piece))
    ordered = plan(*places, below)
    file = os.open(counter, os.O_WRONLY | os.O_CREAT)
    total = 0

    def count(sent: int) -> None:
        nonlocal total
        total += sent
        os.pwrite(file, total.to_bytes(8, "little"), 0)

    print("ready", flush=True)  # noqa: T201
    copy(ordered, places, Path(journal), count)


if __name__ == "__main__":
    main(*sys.argv[1:])
