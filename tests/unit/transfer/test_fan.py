"""One reading for several uploads."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from reconciler.oci.errors import RegistryUnreachable
from reconciler.oci.measured import Readable
from reconciler.transfer.fan import HELD, Branch, Fan
from tests.unit.transfer.lab import content

BLOB = content("blob", 3 * HELD + 12_345)


class Source:
    """Opens BLOB from any offset and remembers from where; `broken_at` is where the first reading ends in an error."""

    def __init__(self, broken_at: int | None = None) -> None:
        self.opened: list[int] = []
        self.closed = 0
        self.handed_out = 0
        self._broken_at = broken_at

    @contextmanager
    def __call__(self, offset: int) -> Iterator[Readable]:
        self.opened.append(offset)
        try:
            yield _Reading(self, io.BytesIO(BLOB[offset:]), self._broken_at if len(self.opened) == 1 else None)
        finally:
            self.closed += 1


class _Reading:
    def __init__(self, source: Source, data: io.BytesIO, broken_at: int | None) -> None:
        self._source = source
        self._data = data
        self._broken_at = broken_at

    def readinto(self, buffer: memoryview, /) -> int:
        if self._broken_at is not None and self._data.tell() >= self._broken_at:
            raise RegistryUnreachable("src", "the line broke")
        count = self._data.readinto(buffer)
        self._source.handed_out += count
        return count


def read(branch: Branch, size: int = len(BLOB), offset: int = 0) -> bytes:
    found = bytearray()
    buffer = memoryview(bytearray(100_000))
    while len(found) < size and (count := branch.readinto(buffer[: min(len(buffer), size - len(found))])):
        found += buffer[:count]
    assert bytes(found) == BLOB[offset : offset + len(found)]
    return bytes(found)


def test_all_get_the_same_bytes_of_one_reading() -> None:
    source = Source()
    fan = Fan(source, 3)

    def whole(branch: Branch) -> bytes:
        with branch.open_at(0) as reader:
            return read(reader)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(whole, fan.branches)) == [BLOB] * 3

    assert source.opened == [0]
    assert source.closed == 1


def test_who_is_ahead_waits_and_no_more_than_the_bound_is_held() -> None:
    source = Source()
    fan = Fan(source, 2)
    fast, slow = (branch.open_at(0) for branch in fan.branches)
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(read, fast)
        taken = 0
        while taken < len(BLOB):
            taken += len(read(slow, 50_000, taken))
            assert source.handed_out - taken <= HELD + 256 * 1024
        assert ahead.result() == BLOB
    assert source.opened == [0]


def test_who_costs_the_others_too_much_is_left_behind_and_reads_alone() -> None:
    source = Source()
    fan = Fan(source, 2, slack=0.001)
    fast, slow = (branch.open_at(0) for branch in fan.branches)
    first = read(slow, 1000)

    assert read(fast) == BLOB

    rest = read(slow, len(BLOB) - 1000, 1000)
    assert first + rest == BLOB
    assert source.opened == [0, 1000]
    slow.close()
    fast.close()
    assert source.closed == 2


def test_one_that_never_begins_does_not_hold_up_the_others() -> None:
    fan = Fan(Source(), 3, slack=0.001)
    fan.branches[1].close()
    with fan.branches[0].open_at(0) as reader:
        assert read(reader) == BLOB


def test_an_upload_that_starts_again_reads_by_itself() -> None:
    source = Source()
    fan = Fan(source, 2)
    first, second = fan.branches
    with first.open_at(0) as reader:
        read(reader, 500_000)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: read(second.open_at(0)))
        with first.open_at(400_000) as reader:
            read(reader, len(BLOB) - 400_000, 400_000)
        assert other.result() == BLOB
    second.close()
    assert source.opened.count(0) == 1
    assert source.closed == 2


def test_a_reading_that_breaks_is_the_trouble_of_one() -> None:
    source = Source(broken_at=1_000_000)
    fan = Fan(source, 2)
    barrier = threading.Barrier(2)
    failed: list[Branch] = []

    def whole(branch: Branch) -> bytes:
        barrier.wait()
        with suppress(RegistryUnreachable), branch.open_at(0) as reader:
            return read(reader)
        failed.append(branch)
        return b""

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(whole, fan.branches))

    assert sorted(found) == [b"", BLOB]
    assert len(failed) == 1
    assert source.closed == len(source.opened) == 2


def test_a_failure_at_the_start_is_told() -> None:
    with pytest.raises(RegistryUnreachable):
        read(Fan(Source(broken_at=0), 1).branches[0].open_at(0))
