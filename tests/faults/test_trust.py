"""Where logins and bytes go when a registry sends us elsewhere, and lists that come in pieces."""

from __future__ import annotations

import pytest

from reconciler.oci.errors import NotFound, RegistryDenied
from tests.faults.answers import Knobs, Location
from tests.faults.faults import Ask, CutBody, CutHead, Fault, Kind, Refuse, RefuseEarly, WrongLength, always, calm, once
from tests.faults.server import FaultyRegistry, faulty_registry
from tests.faults.world import World, world


def authorized(registry: FaultyRegistry) -> list[Ask]:
    return [ask for ask, _ in registry.log if "authorization" in ask.headers]


def copy_well(w: World) -> None:
    ordered = w.order()
    copied = w.copy(ordered)
    w.check(copied)
    assert copied.reasons == [""] * 3
    assert w.all_arrived(ordered)


@pytest.mark.parametrize("where", ["", "absolute", "../../../.."])
def test_a_redirect_within_the_registry_keeps_the_login(where: str) -> None:
    def elsewhere(ask: Ask) -> Fault | None:
        if ask.kind is not Kind.BLOB or ask.path.startswith("/v2/moved"):
            return None
        base = f"http://{w.source.host}" if where == "absolute" else where
        return Refuse(307, {"Location": f"{base}/v2/moved/blobs/{ask.reference}"})

    with world(Knobs(tokens=True)) as w:
        w.source.store.blobs["moved"] = w.source.store.blobs["apps/web"] | w.source.store.blobs["apps/api"]
        ordered = w.order()
        w.source.goes_wrong(elsewhere)
        copied = w.copy(ordered)
        assert copied.reasons == [""] * 3
        moved = [ask for ask in w.source.asked(Kind.BLOB) if ask.repository == "moved"]
        assert any("authorization" in ask.headers for ask in moved)


@pytest.mark.parametrize("fault", [None, CutBody(3_000), CutHead(30), WrongLength(5)])
def test_a_redirect_to_another_host_carries_no_login(fault: Fault | None) -> None:
    with faulty_registry() as storage, world(Knobs(tokens=True, redirects=(f"http://{storage.host}",))) as w:
        for repository, blobs in w.source.store.blobs.items():
            storage.store.blobs[repository] = blobs
        storage.goes_wrong(calm if fault is None else once(Kind.BLOB, fault))
        copy_well(w)
        assert storage.asked(Kind.BLOB)
        assert authorized(storage) == []


def test_an_upload_to_another_host_carries_no_login() -> None:
    with faulty_registry() as storage:
        knobs = Knobs(tokens=True, location=Location.ELSEWHERE, elsewhere=storage.host, piece=100_000)
        with world(target=knobs) as w:
            storage.store.sessions = w.target.store.sessions
            storage.store.blobs = w.target.store.blobs
            copy_well(w)
            assert storage.asked(Kind.PATCH)
            assert authorized(storage) == []


def fill(registry: FaultyRegistry, tags: int) -> list[str]:
    names = [f"v{number:03}" for number in range(tags)]
    for name in names:
        registry.store.image("apps/many", name, name.encode())
    return names


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("token_uses", [0, 1, 2, 5])
def test_lists_come_in_pages_and_tokens_end_in_between(absolute: bool, token_uses: int) -> None:
    with faulty_registry(Knobs(page=7, absolute_links=absolute, tokens=True, token_uses=token_uses)) as registry:
        names = fill(registry, 40)
        client = registry.client()
        assert client.tags("apps/many") == names
        client.close()


@pytest.mark.parametrize(
    "fault", [CutBody(10), CutHead(50), WrongLength(-5), WrongLength(5), Refuse(502), RefuseEarly(503)]
)
def test_a_list_that_is_cut_is_read_again(fault: Fault) -> None:
    with faulty_registry(Knobs(page=7)) as registry:
        names = fill(registry, 20)
        client = registry.client()
        registry.goes_wrong(once(Kind.TAGS, fault, numbers=(1, 3)))
        assert client.tags("apps/many") == names
        client.close()


def test_a_list_that_is_refused_is_no_empty_list() -> None:
    with faulty_registry() as registry:
        fill(registry, 3)
        client = registry.client()
        registry.goes_wrong(always(Kind.TAGS, Refuse(403, code="DENIED")))
        with pytest.raises(RegistryDenied, match="tags of apps/many: 403"):
            client.tags("apps/many")
        registry.goes_wrong(calm)
        with pytest.raises(NotFound):
            client.tags("apps/none")
        client.close()
