"""Bytes to move: layer `n` has 2**n bytes, so that a sum tells which layers are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.core.blobs import account
from reconciler.core.images import presence_queries
from reconciler.model import address
from reconciler.model.image import Descriptor, Digest, ImageName, ManifestContent, RepositoryName
from reconciler.model.live import Live
from reconciler.model.plan import Transfer, TransferReason, Via
from tests.unit.core.scene import digest, live_instance, repository

MANIFEST = 1000
"""Bytes of every manifest."""


def layer(number: int) -> Descriptor:
    return Descriptor(digest(f"layer {number}"), 2**number)


def manifest(
    name: str, *layers: int, children: tuple[str, ...] = (), referrers: tuple[str, ...] = ()
) -> ManifestContent:
    return ManifestContent(
        digest(name),
        MANIFEST,
        "manifest",
        tuple(layer(n) for n in layers),
        tuple(Descriptor(digest(child), MANIFEST) for child in children),
        tuple(Descriptor(digest(referrer), MANIFEST) for referrer in referrers),
    )


CONTENTS: Mapping[Digest, ManifestContent] = {
    content.digest: content
    for content in (
        manifest("one", 0, 1),
        manifest("two", 1, 2),
        manifest("signed", 3, referrers=("signature",)),
        manifest("signature", 4),
        manifest("multi", children=("one", "two")),
    )
}


def move(image: str, repository: str = "apps/web", registry: str = "hub", via: Via = Via.EXECUTOR) -> Transfer:
    source, target = ImageName("src", repository, image), ImageName(registry, repository, image)
    return Transfer(address.import_rule("i"), source, target, digest(image), TransferReason.MISSING, via)


def held(repository: str, *layers: int, manifests: tuple[str, ...] = ()) -> dict[RepositoryName, frozenset[Digest]]:
    digests = [layer(n).digest for n in layers] + [digest(name) for name in manifests]
    return {RepositoryName("hub", repository): frozenset(digests)}


def test_one_image_is_its_blobs_and_its_manifest() -> None:
    counted = account([move("one")], CONTENTS, {})
    assert (counted.bytes, counted.blobs, counted.bytes_shared) == (0b11 + MANIFEST, 2, 0)
    assert (counted.transfers[0].bytes, counted.transfers[0].size) == (0b11 + MANIFEST, 0b11 + MANIFEST)


def test_a_shared_blob_moves_once_and_is_mounted_in_the_other_repository() -> None:
    counted = account([move("one"), move("two", "apps/api")], CONTENTS, {})
    assert [t.bytes for t in counted.transfers] == [0b11 + MANIFEST, 0b100 + MANIFEST]
    assert (counted.bytes, counted.bytes_shared, counted.blobs) == (0b111 + 2 * MANIFEST, 0b10, 3)
    shared = next(route for route in counted.routes if route.blob == layer(1))
    assert (shared.send_to, shared.holder, shared.mount_into) == ("apps/web", "apps/web", ("apps/api",))


def test_every_registry_gets_its_own_copy() -> None:
    counted = account([move("one"), move("one", registry="eu")], CONTENTS, {})
    assert (counted.bytes, counted.blobs) == (2 * (0b11 + MANIFEST), 4)
    assert {route.registry for route in counted.routes} == {"hub", "eu"}


def test_two_tags_of_one_digest_cost_once() -> None:
    twice = [move("one"), replace(move("one"), target=ImageName("hub", "apps/web", "latest"))]
    counted = account(twice, CONTENTS, {})
    assert [t.bytes for t in counted.transfers] == [0b11 + MANIFEST, 0]
    assert counted.bytes_shared == 0b11 + MANIFEST


def test_what_another_repository_of_the_registry_holds_is_mounted() -> None:
    counted = account([move("one")], CONTENTS, held("base/os", 0))
    route = next(route for route in counted.routes if route.blob == layer(0))
    assert (route.send_to, route.holder, route.mount_into) == (None, "base/os", ("apps/web",))
    assert counted.bytes == 0b10 + MANIFEST


def test_what_the_repository_itself_holds_is_neither_sent_nor_mounted() -> None:
    counted = account([move("one")], CONTENTS, held("apps/web", 0, 1, manifests=("one",)))
    assert (counted.bytes, counted.blobs) == (0, 0)
    assert all(route.send_to is None and route.mount_into == () for route in counted.routes)
    assert counted.bytes_shared == 0b11 + MANIFEST


def test_the_first_repository_by_name_is_the_holder() -> None:
    present = held("zoo/a", 0) | held("base/os", 0)
    assert account([move("one")], CONTENTS, present).routes[0].holder == "base/os"


def test_an_index_brings_its_images_and_a_signature_follows_its_image() -> None:
    assert account([move("multi")], CONTENTS, {}).bytes == 0b111 + 3 * MANIFEST
    assert account([move("signed")], CONTENTS, {}).bytes == 0b11000 + 2 * MANIFEST


def test_what_the_service_moves_has_a_size_and_costs_nothing() -> None:
    counted = account([move("one", via=Via.RULE)], CONTENTS, {})
    assert (counted.bytes, counted.blobs, counted.bytes_shared) == (0, 0, 0)
    assert counted.transfers[0].size == 0b11 + MANIFEST


def test_a_manifest_that_was_not_read_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        account([move("unknown")], CONTENTS, {})


def test_only_repositories_that_exist_are_asked_and_only_for_what_moves() -> None:
    live = Live((live_instance("hub", repository("apps/web"), registry="hub"),), contents=CONTENTS)
    moves = [move("one"), move("two", "apps/new"), move("signed", via=Via.RULE)]
    (query,) = presence_queries(moves, live)
    assert query.repository == RepositoryName("hub", "apps/web")
    assert set(query.blobs) == {layer(0).digest, layer(1).digest}
    assert query.manifests == (digest("one"),)
