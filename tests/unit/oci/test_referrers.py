from __future__ import annotations

import json

import pytest

from reconciler.model.image import Descriptor, Digest
from reconciler.oci.errors import RegistryBusy
from reconciler.oci.manifest import OCI_INDEX, OCI_MANIFEST, Manifest, ManifestUnreadable, digest_bytes, parse
from reconciler.oci.referrers import fallback_tag, listed, with_referrer
from tests.unit.oci.scripted import Asked, Reply, scripted

SUBJECT = digest_bytes(b"subject")


def signature(name: str) -> Manifest:
    config = {"mediaType": "application/x.cfg", "digest": digest_bytes(name.encode()), "size": 1}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    return parse(json.dumps({**document, "annotations": {"name": name}}).encode())


def test_the_tag_of_a_subject() -> None:
    assert fallback_tag(SUBJECT) == f"sha256-{SUBJECT[7:]}"
    assert len(fallback_tag(Digest("sha512:" + "a" * 128))) == 128


def test_referrers_are_added_once_and_nothing_is_lost() -> None:
    first, second = signature("first"), signature("second")
    one = with_referrer(None, first)
    assert one is not None
    two = with_referrer(one, second)
    assert two is not None
    assert listed(two) == tuple(Descriptor(m.digest, m.content.size, OCI_MANIFEST) for m in (first, second))
    assert with_referrer(two, first) is None
    entry = json.loads(two)["manifests"][0]
    assert (entry["artifactType"], entry["annotations"]) == ("application/x.cfg", {"name": "first"})


def test_fields_that_others_wrote_stay() -> None:
    theirs = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": {"a": "b"}})
    ours = with_referrer(theirs.encode(), signature("x"))
    assert ours is not None
    assert json.loads(ours)["annotations"] == {"a": "b"}


def test_a_tag_that_holds_something_else_is_not_overwritten() -> None:
    with pytest.raises(ManifestUnreadable):
        with_referrer(signature("image").raw[:-5], signature("x"))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_registry_that_refuses_the_api_is_asked_for_the_fallback_tag(status: int) -> None:
    index = with_referrer(None, signature("first"))
    assert index is not None

    def script(asked: Asked) -> Reply:
        if asked.path.endswith(fallback_tag(SUBJECT)):
            return Reply(200, {"Content-Type": OCI_INDEX}, index)
        return Reply(status, {}, b'{"errors": [{"code": "UNSUPPORTED"}]}')

    with scripted(script) as server:
        registry = server.registry()
        assert registry.referrers("a/b", SUBJECT) == listed(index)
        assert registry.referrers("a/b", SUBJECT) == listed(index)
        registry.close()


def test_a_registry_that_cannot_tell_is_an_error() -> None:
    with scripted(lambda _: Reply(500)) as server:
        registry = server.registry()
        with pytest.raises(RegistryBusy):
            registry.referrers("a/b", SUBJECT)
        registry.close()
