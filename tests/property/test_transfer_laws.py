"""Laws of copying: nothing is sent twice, order is kept, and any prefix of a journal leads to the same end."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Contents, Descriptor, Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_bytes
from reconciler.transfer.journal import Journal
from reconciler.transfer.plan import MountBlob, PutManifest, SendBlob, TransferPlan, WriteTag, build
from reconciler.transfer.schedule import Schedule
from tests.unit.transfer.lab import carry_out, holdings, order, paint, serve

BLOBS = [Descriptor(digest_bytes(bytes([n])), n + 1) for n in range(8)]
REPOSITORIES = ("a", "b", "c")
TARGETS = ("eu", "us")


@st.composite
def manifests(draw: st.DrawFn) -> list[ManifestContent]:
    """Images, indexes of earlier ones, and referrers of earlier ones."""
    made: list[ManifestContent] = []
    for number in range(draw(st.integers(1, 6))):
        digest, size = digest_bytes(f"m{number}".encode()), 100 + number
        below = draw(st.lists(st.sampled_from(made), max_size=3, unique_by=lambda m: m.digest)) if made else []
        if below:
            children = tuple(Descriptor(m.digest, m.size) for m in below)
            made.append(ManifestContent(digest, size, OCI_INDEX, manifests=children))
        else:
            blobs = tuple(draw(st.lists(st.sampled_from(BLOBS), max_size=4, unique=True)))
            made.append(ManifestContent(digest, size, OCI_MANIFEST, blobs=blobs))
    return made


@st.composite
def plans(draw: st.DrawFn) -> tuple[TransferPlan, int]:
    made = draw(manifests())
    contents: Contents = {m.digest: m for m in made}
    transfers = [
        Transfer(
            import_rule("i"),
            ImageName("src", repository, f"t{number}"),
            ImageName(draw(st.sampled_from(TARGETS)), repository, f"t{number}"),
            draw(st.sampled_from(made)).digest,
            draw(st.sampled_from(TransferReason)),
            pushed=draw(st.integers(0, 5)),
        )
        for number, repository in enumerate(draw(st.lists(st.sampled_from(REPOSITORIES), max_size=6)))
    ]
    digests = st.frozensets(st.sampled_from([*(b.digest for b in BLOBS), *contents]), max_size=5)
    names = [RepositoryName(target, path) for target in TARGETS for path in REPOSITORIES]
    present: dict[RepositoryName, frozenset[Digest]] = draw(st.dictionaries(st.sampled_from(names), digests))
    counted = account(transfers, contents, present)
    return build(counted, contents, present), counted.bytes


@given(plans())
def test_no_blob_is_sent_twice_to_one_registry(planned: tuple[TransferPlan, int]) -> None:
    jobs = [step.job for step in planned[0].steps]
    sent = Counter((job.target.registry, job.blob.digest) for job in jobs if isinstance(job, SendBlob))
    placed = Counter((job.target, job.blob.digest) for job in jobs if isinstance(job, SendBlob | MountBlob))
    assert all(count == 1 for count in sent.values())
    assert all(count == 1 for count in placed.values())


@given(plans())
def test_the_bytes_are_those_that_were_accounted_for(planned: tuple[TransferPlan, int]) -> None:
    plan, accounted = planned
    assert plan.bytes == accounted


@given(plans())
def test_nothing_comes_before_what_it_needs(planned: tuple[TransferPlan, int]) -> None:
    plan, _ = planned
    for number, step in enumerate(plan.steps):
        assert all(earlier < number for earlier in (*step.needs, *step.follows))
    for step in plan.steps:
        if isinstance(step.job, PutManifest | WriteTag):
            first = [plan.steps[need].job for need in step.needs]
            put = {job.manifest.digest for job in first if isinstance(job, PutManifest)}
            placed = {job.blob.digest for job in first if isinstance(job, SendBlob | MountBlob)}
            everywhere = [
                s.job for s in plan.steps if not isinstance(s.job, WriteTag) and s.job.target == step.job.target
            ]
            for job in everywhere:
                if isinstance(job, PutManifest) and job.manifest.digest in {
                    child.digest for child in step.job.manifest.manifests
                }:
                    assert job.manifest.digest in put
                if isinstance(job, SendBlob | MountBlob) and job.blob in step.job.manifest.blobs:
                    assert job.blob.digest in placed or step.job.manifest.digest in put


@given(plans(), st.data())
def test_every_run_of_a_schedule_ends_and_tells_each_image_once(
    planned: tuple[TransferPlan, int], data: st.DataObject
) -> None:
    plan, _ = planned
    schedule = Schedule(plan.steps)
    ended: Counter[int] = Counter()
    while not schedule.finished:
        number = schedule.take()
        assert number is not None, "steps are left and none is ready"
        if data.draw(st.booleans()):
            schedule.done(number)
            ended.update([number] if isinstance(plan.steps[number].job, WriteTag) else [])
        else:
            ended.update(schedule.fail(number))
    tags = [number for number, step in enumerate(plan.steps) if isinstance(step.job, WriteTag)]
    assert ended == Counter(tags)


@settings(max_examples=6)
@given(st.floats(0, 1), st.floats(0, 1))
def test_any_prefix_of_a_journal_leads_to_the_same_end(kept: float, done: float) -> None:
    """`kept` is the share of the journal that survived, `done` the share of the images that the first run copied."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serve(folder / "source") as source, serve(folder / "target") as target:
            client = source.client()
            paint(client)
            client.close()
            whole = order(source, target)
            images = [(t.source.repository, t.source.tag) for t in whole.transfers]
            with Journal.open(folder / "journal") as journal:
                carry_out(order(source, target, images[: round(done * len(images))]).plan, journal)
            text = (folder / "journal").read_bytes()
            (folder / "journal").write_bytes(text[: round(kept * len(text))])

            with Journal.open(folder / "journal") as journal:
                result = carry_out(whole.plan, journal).result

            assert [outcome.reason for outcome in result.outcomes] == [""] * len(images)
            assert set(whole.contents) <= {key.split("@")[-1] for key in holdings(target, whole.transfers)}
