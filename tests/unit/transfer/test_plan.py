from __future__ import annotations

from reconciler.core.blobs import account
from reconciler.model.address import import_rule
from reconciler.model.image import Descriptor, Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason, Via
from reconciler.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_bytes
from reconciler.transfer.plan import MountBlob, PutManifest, SendBlob, TransferPlan, WriteTag, build

BASE, OWN = Descriptor(digest_bytes(b"base"), 1000), Descriptor(digest_bytes(b"own"), 10)


def image(name: str, *blobs: Descriptor, referrers: tuple[Descriptor, ...] = ()) -> ManifestContent:
    return ManifestContent(digest_bytes(name.encode()), 100, OCI_MANIFEST, tuple(blobs), referrers=referrers)


def pointer(content: ManifestContent) -> Descriptor:
    return Descriptor(content.digest, content.size, content.media_type)


IMAGE = image("image", BASE, OWN)
OTHER = image("other", BASE)
INDEX = ManifestContent(digest_bytes(b"index"), 100, OCI_INDEX, manifests=(pointer(IMAGE), pointer(OTHER)))
SIGNATURE = image("signature", OWN)
SIGNED = image("signed", BASE, referrers=(pointer(SIGNATURE),))
CONTENTS = {content.digest: content for content in (IMAGE, OTHER, INDEX, SIGNATURE, SIGNED)}


def transfer(content: ManifestContent, target: str, *, pushed: int = 0, via: Via = Via.EXECUTOR) -> Transfer:
    repository, tag = target.split(":")
    source, name = ImageName("src", repository, tag), ImageName("dst", repository, tag)
    return Transfer(import_rule("i"), source, name, content.digest, TransferReason.MISSING, via, pushed=pushed)


def planned(*transfers: Transfer, present: dict[RepositoryName, frozenset[Digest]] | None = None) -> TransferPlan:
    there = present or {}
    return build(account(transfers, CONTENTS, there), CONTENTS, there)


def described(plan: TransferPlan) -> list[str]:
    lines = []
    for step in plan.steps:
        match step.job:
            case SendBlob(blob=blob, target=target):
                lines.append(f"send {blob.size} to {target.path}")
            case MountBlob(blob=blob, target=target, origin=origin):
                lines.append(f"mount {blob.size} from {origin} into {target.path}")
            case PutManifest(target=target):
                lines.append(f"put into {target.path}")
            case WriteTag(transfer=moved):
                lines.append(f"tag {moved.target.repository}:{moved.target.tag}")
    return lines


def test_an_image_is_its_blobs_and_its_tag() -> None:
    plan = planned(transfer(IMAGE, "a:v1"))
    assert described(plan) == ["send 1000 to a", "send 10 to a", "tag a:v1"]
    assert plan.steps[2].needs == (0, 1)
    assert (plan.bytes, plan.blobs, plan.mounts) == (1110, 2, 0)


def test_what_repositories_share_is_sent_once() -> None:
    plan = planned(transfer(IMAGE, "a:v1"), transfer(OTHER, "b:v1"))
    assert described(plan) == ["send 1000 to a", "send 10 to a", "tag a:v1", "mount 1000 from a into b", "tag b:v1"]
    assert plan.steps[3].follows == (0,)


def test_what_the_target_has_is_mounted_or_left() -> None:
    there = {
        RepositoryName("dst", "base"): frozenset({BASE.digest}),
        RepositoryName("dst", "a"): frozenset({OWN.digest}),
    }
    plan = planned(transfer(IMAGE, "a:v1"), present=there)
    assert described(plan) == ["mount 1000 from base into a", "tag a:v1"]
    assert plan.bytes == 100


def test_children_come_before_their_index() -> None:
    plan = planned(transfer(INDEX, "a:multi"))
    assert described(plan) == ["send 1000 to a", "send 10 to a", "put into a", "put into a", "tag a:multi"]
    assert [step.needs for step in plan.steps[2:]] == [(0, 1), (0,), (2, 3)]


def test_a_signed_image_gets_its_tag_after_its_signature() -> None:
    plan = planned(transfer(SIGNED, "a:v1"))
    assert described(plan) == ["send 1000 to a", "put into a", "send 10 to a", "put into a", "tag a:v1"]
    assert set(plan.steps[4].needs) == {0, 1, 3}


def test_the_oldest_push_goes_first() -> None:
    plan = planned(
        transfer(IMAGE, "a:new", pushed=9), transfer(OTHER, "a:old", pushed=3), transfer(OTHER, "b:x", pushed=5)
    )
    assert [line for line in described(plan) if line.startswith("tag")] == ["tag a:old", "tag b:x", "tag a:new"]
    tags = {step.job.transfer.target.tag: n for n, step in enumerate(plan.steps) if isinstance(step.job, WriteTag)}
    assert plan.steps[tags["new"]].follows == (tags["old"],)
    assert plan.steps[tags["x"]].follows == ()


def test_long_rows_of_tags_begin_first() -> None:
    long = [transfer(OTHER, f"long:v{number}", pushed=10 + number) for number in (3, 1, 2)]
    short = [transfer(OTHER, f"short:v{number}", pushed=number) for number in (2, 1)]
    tags = [line for line in described(planned(*short, *long)) if line.startswith("tag")]
    assert tags == ["tag long:v1", "tag short:v1", "tag long:v2", "tag short:v2", "tag long:v3"]


def test_what_the_service_moves_itself_is_not_ours() -> None:
    plan = planned(transfer(IMAGE, "a:v1", via=Via.RULE))
    assert (plan.images, plan.steps) == ((), ())


def test_only_a_repository_that_was_looked_at_is_known_to_lack_a_blob() -> None:
    unknown = planned(transfer(OTHER, "a:v1")).steps[0].job
    known = planned(transfer(OTHER, "a:v1"), present={RepositoryName("dst", "a"): frozenset()}).steps[0].job
    assert isinstance(unknown, SendBlob)
    assert isinstance(known, SendBlob)
    assert (unknown.known_missing, known.known_missing) == (False, True)
