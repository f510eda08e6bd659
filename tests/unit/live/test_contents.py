"""The same image in two repositories, with referrers in only one of them."""

from __future__ import annotations

from hashlib import sha256

from reconciler.core.blobs import account
from reconciler.live.contents import merge
from reconciler.model.address import import_rule
from reconciler.model.image import Descriptor, Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.plan import Transfer, TransferReason
from reconciler.transfer.plan import PutManifest, SendBlob, build

WEB = RepositoryName("personal", "apps/web")
API = RepositoryName("personal", "apps/api")


def _digest(name: str) -> Digest:
    return Digest("sha256:" + sha256(name.encode()).hexdigest())


LAYER, BILL = Descriptor(_digest("layer"), 100), Descriptor(_digest("bill"), 7)
SBOM = ManifestContent(_digest("sbom"), 20, "manifest", (BILL,), subject=_digest("image"))
IMAGE = ManifestContent(_digest("image"), 50, "manifest", (LAYER,))
ATTESTED = ManifestContent(_digest("image"), 50, "manifest", (LAYER,), referrers=(Descriptor(SBOM.digest, 20),))


def _read() -> dict[Digest, ManifestContent]:
    contents: dict[Digest, ManifestContent] = {}
    merge(contents, API, [IMAGE.digest], {IMAGE.digest: IMAGE})
    merge(contents, WEB, [IMAGE.digest], {ATTESTED.digest: ATTESTED, SBOM.digest: SBOM})
    return contents


def test_an_image_has_the_referrers_of_every_repository() -> None:
    contents = _read()

    assert [found.digest for found in contents[IMAGE.digest].referrers] == [SBOM.digest]
    assert contents[IMAGE.digest].origin is None
    assert contents[SBOM.digest].origin == WEB


def test_the_order_of_reading_does_not_matter() -> None:
    other: dict[Digest, ManifestContent] = {}
    merge(other, WEB, [IMAGE.digest], {ATTESTED.digest: ATTESTED, SBOM.digest: SBOM})
    merge(other, API, [IMAGE.digest], {IMAGE.digest: IMAGE})

    assert other == _read()


def test_a_referrer_that_is_an_image_of_its_own_elsewhere_can_be_read_anywhere() -> None:
    contents = _read()
    merge(contents, API, [SBOM.digest], {SBOM.digest: SBOM})

    assert contents[SBOM.digest].origin is None


def test_referrers_are_copied_from_where_they_are() -> None:
    contents = _read()
    source, target = ImageName("personal", "apps/api", "v1"), ImageName("hub", "apps/api", "v1")
    transfer = Transfer(import_rule("legacy"), source, target, IMAGE.digest, TransferReason.MISSING)

    plan = build(account([transfer], contents, {}), contents, {})

    blobs = {step.job.blob.digest: step.job.source for step in plan.steps if isinstance(step.job, SendBlob)}
    manifests = {step.job.manifest.digest: step.job.source for step in plan.steps if isinstance(step.job, PutManifest)}
    assert blobs == {LAYER.digest: API, BILL.digest: WEB}
    assert manifests == {IMAGE.digest: API, SBOM.digest: WEB}
