from __future__ import annotations

from reconciler.model.address import import_rule
from reconciler.model.image import Descriptor, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.oci.manifest import digest_bytes
from reconciler.transfer.plan import Job, MountBlob, SendBlob, Step, WriteTag
from reconciler.transfer.schedule import Schedule
from reconciler.transfer.windows import BULK_FROM, Kind

BLOB = Descriptor(digest_bytes(b"blob"), 1)
SOURCE = RepositoryName("src", "a")


def send(path: str = "a") -> Job:
    return SendBlob(BLOB, SOURCE, RepositoryName("dst", path), known_missing=True, owner=0)


def mount(path: str) -> Job:
    return MountBlob(BLOB, SOURCE, RepositoryName("dst", path), "a", owner=0)


def tag(name: str) -> Job:
    root = ManifestContent(digest_bytes(name.encode()), 1, "")
    source, target = ImageName("src", "a", name), ImageName("dst", "a", name)
    transfer = Transfer(import_rule("i"), source, target, root.digest, TransferReason.MISSING)
    return WriteTag(root, transfer, owner=0, fresh=True)


def drain(schedule: Schedule) -> list[int]:
    taken: list[int] = []
    while (number := schedule.take()) is not None:
        taken.append(number)
    return taken


def test_steps_wait_for_what_they_need_and_the_first_go_first() -> None:
    schedule = Schedule([Step(send()), Step(send()), Step(tag("t"), needs=(0, 1))])
    assert drain(schedule) == [0, 1]
    schedule.done(1)
    assert drain(schedule) == []
    schedule.done(0)
    assert drain(schedule) == [2]
    assert not schedule.finished
    schedule.done(2)
    assert schedule.finished


def test_a_failure_blocks_only_the_images_that_need_it() -> None:
    steps = [Step(send()), Step(send()), Step(tag("a"), needs=(0,)), Step(tag("b"), needs=(1,))]
    schedule = Schedule(steps)
    drain(schedule)
    assert schedule.fail(0) == (2,)
    schedule.done(1)
    assert drain(schedule) == [3]


def test_what_only_lost_images_wanted_is_not_started() -> None:
    steps = [Step(send()), Step(send()), Step(send()), Step(tag("a"), needs=(0, 1)), Step(tag("b"), needs=(2,))]
    schedule = Schedule(steps)
    assert schedule.take() == 0
    assert schedule.fail(0) == (3,)
    assert drain(schedule) == [2]
    schedule.done(2)
    assert drain(schedule) == [4]
    schedule.done(4)
    assert schedule.finished


def test_a_tag_follows_an_older_one_even_when_that_failed() -> None:
    schedule = Schedule([Step(tag("old")), Step(tag("new"), follows=(0,))])
    assert drain(schedule) == [0]
    assert schedule.fail(0) == (0,)
    assert drain(schedule) == [1]


def test_when_a_send_failed_one_mount_goes_first_and_the_others_wait() -> None:
    steps = [
        Step(send("a")),
        Step(mount("b"), follows=(0,)),
        Step(mount("c"), follows=(0,)),
        Step(tag("a"), needs=(0,)),
        Step(tag("b"), needs=(1,)),
        Step(tag("c"), needs=(2,)),
    ]
    schedule = Schedule(steps)
    assert drain(schedule) == [0]
    assert schedule.fail(0) == (3,)
    assert drain(schedule) == [1]
    assert schedule.fail(1) == (4,)
    assert drain(schedule) == [2]
    schedule.done(2)
    assert drain(schedule) == [5]


def test_a_blob_that_a_mount_elsewhere_counts_on_is_still_sent() -> None:
    steps = [
        Step(send("x")),
        Step(send("a")),
        Step(mount("b"), follows=(1,)),
        Step(tag("a"), needs=(0, 1)),
        Step(tag("b"), needs=(2,)),
    ]
    schedule = Schedule(steps)
    assert schedule.take() == 0
    assert schedule.fail(0) == (3,)
    assert drain(schedule) == [1]
    schedule.done(1)
    assert drain(schedule) == [2]
    schedule.done(2)
    assert drain(schedule) == [4]
    schedule.done(4)
    assert schedule.finished


def send_to(registry: str, size: int = 1) -> Job:
    return SendBlob(Descriptor(BLOB.digest, size), SOURCE, RepositoryName(registry, "a"), known_missing=True, owner=0)


def test_registries_take_turns() -> None:
    schedule = Schedule([Step(send_to("eu")) for _ in range(4)] + [Step(send_to("us")) for _ in range(3)])
    assert drain(schedule) == [0, 4, 1, 5, 2, 6, 3]


def test_a_registry_with_less_under_way_goes_first() -> None:
    schedule = Schedule([Step(send_to("eu")), Step(send_to("eu")), Step(send_to("us")), Step(send_to("us"))])
    assert [schedule.take(), schedule.take()] == [0, 2]
    schedule.done(2)
    assert schedule.take() == 3


def test_a_closed_lane_holds_up_no_other() -> None:
    schedule = Schedule([Step(send_to("eu", BULK_FROM)), Step(send_to("eu")), Step(send_to("us"))])
    assert schedule.take(lambda lane: lane.kind is Kind.SMALL and lane.target == "eu") == 1
    assert schedule.take(lambda _lane: False) is None
    assert schedule.ready == 2
    assert schedule.take() == 2


def test_what_one_reading_serves_is_taken_together() -> None:
    steps = [Step(send_to("eu")), Step(send_to("sg")), Step(send_to("us")), Step(send_to("us"))]
    schedule = Schedule(steps, fans=((0, 1, 2),))
    assert schedule.take() == 0
    assert schedule.join(0, lambda lane: lane.target != "sg") == (2,)
    assert schedule.ready == 2
    assert drain(schedule) == [1, 3]
    assert schedule.join(3) == ()
