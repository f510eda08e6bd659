"""What is not asked, because it is known or can be had in one request for many."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

from reconciler.model.image import RepositoryName
from reconciler.model.report import ImageResult
from reconciler.oci.manifest import digest_bytes
from reconciler.oci.session import UploadSession
from reconciler.transfer.presence import Presence
from reconciler.transfer.tags import LISTING_LASTS, Tags
from tests.unit.oci.scripted import Asked, Reply, scripted
from tests.unit.transfer.lab import Painter, RealRegistry, carry_out, content, holdings, order

DIGEST = digest_bytes(b"manifest")
OTHER = digest_bytes(b"another")


def many(registry: RealRegistry, count: int) -> list[tuple[str, str]]:
    client = registry.client()
    painter = Painter(client, "apps/many")
    for number in range(count):
        painter.image([content("base", 40_000), content(f"layer {number}", 2_000)], tag=f"t{number}")
    client.close()
    return [("apps/many", f"t{number}") for number in range(count)]


def asked(registry: RealRegistry) -> Counter[str]:
    return Counter(method for method, _, _ in registry.requests())


def test_new_images_cost_two_requests_a_blob_and_one_a_tag(source: RealRegistry, target: RealRegistry) -> None:
    images = many(source, 6)
    ordered = order(source, target, images)
    before = asked(target)

    carry_out(ordered.plan)

    now = asked(target) - before
    assert now == Counter(POST=ordered.plan.blobs, PUT=ordered.plan.blobs + len(images), GET=1)


def test_a_tag_that_changed_is_looked_at_before_it_is_replaced(source: RealRegistry, target: RealRegistry) -> None:
    images = many(source, 2)
    carry_out(order(source, target, images).plan)
    with closing(source.client()) as client:
        for name, tag in images:
            Painter(client, name).image([tag.encode()], tag=tag)
    ordered = order(source, target, images, over=True)
    before = len(target.requests())
    done = carry_out(ordered.plan)

    assert {outcome.result for outcome in done.result.outcomes} == {ImageResult.IMPORTED}
    about_tags = [method for method, path, _ in target.requests()[before:] if "/manifests/" in path]
    assert sorted(about_tags) == ["HEAD", "HEAD", "PUT", "PUT"]


def test_blobs_that_may_be_there_are_asked_for_and_sent_in_one(source: RealRegistry, target: RealRegistry) -> None:
    images = many(source, 20)
    carry_out(order(source, target, images[:10]).plan)
    before = asked(target)

    ordered = order(source, target, images[10:], known_empty=False)
    done = carry_out(ordered.plan, workers=1)

    assert {outcome.result for outcome in done.result.outcomes} == {ImageResult.IMPORTED}
    assert holdings(target, ordered.transfers)
    assert (asked(target) - before)["HEAD"] <= 2


def test_a_registry_whose_answers_to_such_questions_mean_nothing_is_asked_properly() -> None:
    held = digest_bytes(b"held")

    def answer(asked: Asked) -> Reply:
        if asked.method == "HEAD":
            return Reply(200 if asked.path.endswith(held) else 404)
        return Reply(202, {"Location": "/v2/a/b/blobs/uploads/1"})

    with scripted(answer) as server, closing(server.registry()) as registry:
        presence = Presence([server.host] * 10)
        assert presence.ask(registry, "a/b", held) is True
        assert presence.ask(registry, "a/b", held) is True
        assert presence.ask(registry, "a/b", digest_bytes(b"missing")) is False
        assert [a.method for a in server.asked] == ["HEAD", "POST", "DELETE", "HEAD", "HEAD"]


def test_a_registry_that_answers_them_is_believed() -> None:
    held = digest_bytes(b"held")

    def answer(asked: Asked) -> Reply:
        if asked.method == "HEAD" or held.replace(":", "%3A") in asked.path:
            return Reply(200 if asked.method == "HEAD" else 201)
        return Reply(202, {"Location": "/v2/a/b/blobs/uploads/1"})

    with scripted(answer) as server, closing(server.registry()) as registry:
        presence = Presence([server.host] * 10)
        assert presence.ask(registry, "a/b", held) is True
        assert presence.ask(registry, "a/b", held) is True
        missing = presence.ask(registry, "a/b", digest_bytes(b"missing"))
        assert isinstance(missing, UploadSession)
        assert [a.method for a in server.asked] == ["HEAD", "POST", "POST", "POST"]


def test_few_questions_are_not_worth_a_trial() -> None:
    with scripted(lambda _: Reply(200)) as server, closing(server.registry()) as registry:
        presence = Presence([server.host])
        assert presence.ask(registry, "a/b", DIGEST) is True
        assert [a.method for a in server.asked] == ["HEAD"]


class Lister:
    """Has the tags `names`; `status` answers a listing."""

    def __init__(self, *names: str, status: int = 200, link: str = "") -> None:
        self.names = set(names)
        self.status = status
        self.link = link

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "HEAD":
            found = asked.path.rsplit("/", 1)[1] in self.names
            return Reply(200 if found else 404, {"Docker-Content-Digest": DIGEST})
        body = json.dumps({"tags": sorted(self.names)})
        return Reply(self.status, {"Link": self.link} if self.link else {}, body.encode())


def test_one_listing_speaks_for_all_tags_that_are_not_there() -> None:
    with scripted(Lister("old")) as server, closing(server.registry()) as registry:
        repository = RepositoryName(server.host, "a/b")
        tags = Tags([repository] * 4)
        found = [tags.find(registry, repository, tag) for tag in ("new", "old", "newer")]
        assert found == [None, DIGEST, None]
        assert [a.method for a in server.asked] == ["GET", "HEAD"]


def test_what_a_tag_is_thought_to_stand_for_is_said_with_the_question() -> None:
    def script(asked: Asked) -> Reply:
        same = asked.headers.get("if-none-match") == f'"{DIGEST}"'
        return Reply(304 if same else 200, {} if same else {"Docker-Content-Digest": DIGEST})

    with scripted(script) as server, closing(server.registry()) as registry:
        repository = RepositoryName(server.host, "a/b")
        tags = Tags([])
        assert tags.find(registry, repository, "v1", DIGEST) == DIGEST
        assert tags.find(registry, repository, "v1", OTHER) == DIGEST
        assert tags.find(registry, repository, "v1") == DIGEST


def test_a_listing_is_believed_for_a_while() -> None:
    now = [0.0]
    lister = Lister()
    with scripted(lister) as server, closing(server.registry()) as registry:
        repository = RepositoryName(server.host, "a/b")
        tags = Tags([repository] * 3, clock=lambda: now[0])
        assert tags.find(registry, repository, "v1") is None
        lister.names.add("v2")
        now[0] += LISTING_LASTS + 1
        assert tags.find(registry, repository, "v2") is not None


def test_a_repository_that_cannot_be_listed_in_one_request_is_asked_for_each_tag() -> None:
    for lister in (Lister("v1", status=403), Lister("v1", link='</v2/a/b/tags/list?last=v1>; rel="next"')):
        with scripted(lister) as server, closing(server.registry()) as registry:
            repository = RepositoryName(server.host, "a/b")
            tags = Tags([repository] * 3)
            assert tags.find(registry, repository, "v1") is not None
            assert tags.find(registry, repository, "v2") is None
            assert [a.method for a in server.asked] == ["GET", "HEAD", "HEAD"]


def test_a_single_tag_is_asked_for_by_itself() -> None:
    with scripted(Lister("v1")) as server, closing(server.registry()) as registry:
        repository = RepositoryName(server.host, "a/b")
        assert Tags([repository]).find(registry, repository, "v1") is not None
        assert [a.method for a in server.asked] == ["HEAD"]


def test_a_trial_that_fails_troubles_nobody() -> None:
    with scripted(lambda asked: Reply(200 if asked.method == "HEAD" else 403)) as server:
        with closing(server.registry()) as registry:
            presence = Presence([server.host] * 10)
            assert presence.ask(registry, "a/b", DIGEST) is True
            assert presence.ask(registry, "a/b", DIGEST) is True
        assert [a.method for a in server.asked].count("HEAD") == 2
