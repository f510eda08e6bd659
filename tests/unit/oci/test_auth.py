"""Logins and tokens: who gets which secret, and how often."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.model.image import Digest
from reconciler.oci import auth
from reconciler.oci.answer import Answer
from reconciler.oci.auth import Authorizer, Grant
from reconciler.oci.connection import Origin
from reconciler.oci.errors import RegistryDenied, RegistryRefused
from reconciler.oci.login import Login
from reconciler.oci.manifest import digest_bytes
from reconciler.oci.tokens import TokenRequest
from tests.unit.oci.scripted import Asked, Reply, Script, scripted

LOGIN = Login("user", "pass:word")
BASIC = "Basic " + base64.b64encode(b"user:pass:word").decode()
DIGEST = digest_bytes(b"x")


def guarded(realm: str, accepted: set[str]) -> Script:
    """A registry that wants one of the tokens in `accepted`."""

    def script(asked: Asked) -> Reply:
        if asked.headers.get("authorization", "") in accepted:
            return Reply(200, {"Docker-Content-Digest": DIGEST})
        scope = 'scope="repository:a/b:pull"'
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="svc",{scope}'})

    return script


def test_a_token_is_asked_for_once_and_used_for_its_scope() -> None:
    with scripted(lambda _: Reply(200, {}, b'{"token": "t1", "expires_in": 60}')) as tokens:
        with scripted(guarded(f"http://{tokens.host}/auth", {"Bearer t1"})) as server:
            registry = server.registry(LOGIN)
            for _ in range(3):
                assert registry.head_manifest("a/b", "v1") is not None
            registry.close()
        assert [asked.headers.get("authorization") for asked in server.asked] == [None] + ["Bearer t1"] * 3
    (asked,) = tokens.asked
    assert parse_qs(urlsplit(asked.path).query) == {"service": ["svc"], "scope": ["repository:a/b:pull"]}
    assert asked.headers["authorization"] == BASIC


def test_a_token_that_is_refused_later_is_replaced() -> None:
    accepted = {"Bearer t1"}
    issued = iter(["t1", "t2"])

    def issue(_: Asked) -> Reply:
        return Reply(200, {}, json.dumps({"access_token": next(issued)}).encode())

    with scripted(issue) as tokens, scripted(guarded(f"http://{tokens.host}/auth", accepted)) as server:
        registry = server.registry()
        registry.head_manifest("a/b", "v1")
        accepted.clear()
        accepted.add("Bearer t2")
        assert registry.head_manifest("a/b", "v1") is not None
        registry.close()


def test_a_fresh_token_that_is_refused_ends_the_attempts() -> None:
    with scripted(lambda _: Reply(200, {}, b'{"token": "weak"}')) as tokens:
        with scripted(guarded(f"http://{tokens.host}/auth", set())) as server:
            registry = server.registry(LOGIN)
            with pytest.raises(RegistryDenied):
                registry.head_manifest("a/b", "v1")
            registry.close()
        assert len(tokens.asked) == 1
        assert len(server.asked) == 2


def test_a_refused_login_is_told_without_the_password() -> None:
    refusal = Reply(401, {}, b'{"details": "incorrect username or password"}')
    with (
        scripted(lambda _: refusal) as tokens,
        scripted(guarded(f"http://{tokens.host}/auth", set())) as server,
    ):
        registry = server.registry(LOGIN)
        with pytest.raises(RegistryDenied, match="incorrect username or password") as caught:
            registry.head_manifest("a/b", "v1")
        registry.close()
    assert "word" not in str(caught.value).replace("username or password", "")
    assert caught.value.host == tokens.host


def test_a_missing_login_is_named() -> None:
    with scripted(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})) as server:
        registry = server.registry()
        with pytest.raises(RegistryDenied, match="no login is known for this registry"):
            registry.tags("a/b")
        registry.close()
        assert len(server.asked) == 1


def test_a_wrong_basic_login_is_sent_once() -> None:
    with scripted(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})) as server:
        registry = server.registry(LOGIN)
        with pytest.raises(RegistryDenied):
            registry.tags("a/b")
        registry.close()
        assert [asked.headers.get("authorization") for asked in server.asked] == [None, BASIC]


class TokenServer:
    """Issues numbered tokens and counts; `clock` is moved by the test."""

    def __init__(self, lifetime: float = 60.0) -> None:
        self.lifetime = lifetime
        self.time = 1000.0
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def fetch(self, request: TokenRequest) -> Answer:
        with self.lock:
            self.asked.append(request.path)
            body = json.dumps({"token": f"t{len(self.asked)}", "expires_in": self.lifetime})
        return Answer(200, {}, body.encode())

    def authorizer(self) -> Authorizer:
        authorizer = Authorizer(
            Origin("https", "r.example"), lambda _: None, self.fetch, clock=lambda: self.time, now=lambda: self.time
        )
        assert authorizer.challenged('Bearer realm="https://auth.example/t"', auth.ROOT, Grant(None))
        return authorizer


def test_tokens_are_renewed_before_they_end() -> None:
    server = TokenServer(lifetime=60)
    authorizer = server.authorizer()
    assert authorizer.grant(auth.pull("a/b")) == Grant("Bearer t1", minted=True)
    server.time += 47
    assert authorizer.grant(auth.pull("a/b")) == Grant("Bearer t1")
    server.time += 2
    assert authorizer.grant(auth.pull("a/b")) == Grant("Bearer t2", minted=True)


def test_many_threads_ask_for_one_token() -> None:
    server = TokenServer()
    authorizer = server.authorizer()
    with ThreadPoolExecutor(8) as pool:
        grants = list(pool.map(lambda _: authorizer.grant(auth.push("a/b")).header, range(40)))
    assert set(grants) == {"Bearer t1"}
    assert len(server.asked) == 1


def test_a_token_to_push_serves_to_pull() -> None:
    server = TokenServer()
    authorizer = server.authorizer()
    pushing = authorizer.grant(auth.push("a/b"))
    assert authorizer.grant(auth.pull("a/b")).header == pushing.header
    assert authorizer.grant(auth.pull("c/d")).header != pushing.header
    authorizer.forget(auth.pull("a/b"), pushing)
    assert authorizer.grant(auth.push("a/b")).minted


def test_a_mount_asks_for_both_repositories() -> None:
    server = TokenServer()
    server.authorizer().grant(auth.mount("a/b", "c/d"))
    assert parse_qs(urlsplit(server.asked[0]).query)["scope"] == ["repository:a/b:pull,push", "repository:c/d:pull"]


@pytest.mark.parametrize("realm", ["http://auth.example/t", "https://user@auth.example/t", "file:///etc/passwd"])
def test_a_realm_that_could_leak_the_login_is_refused(realm: str) -> None:
    authorizer = Authorizer(Origin("https", "r.example"), lambda _: LOGIN, TokenServer().fetch)
    with pytest.raises(RegistryRefused, match="not an https address"):
        authorizer.challenged(f'Bearer realm="{realm}"', auth.ROOT, Grant(None))


def test_a_login_that_expired_is_asked_for_again() -> None:
    logins = iter([Login("u", "first", expires=2000.0), Login("u", "second", expires=9000.0)])
    now = [1000.0]
    authorizer = Authorizer(
        Origin("https", "r.example"), lambda _: next(logins), TokenServer().fetch, now=lambda: now[0]
    )
    assert authorizer.challenged('Basic realm="r"', auth.ROOT, Grant(None))
    first = authorizer.grant(auth.ROOT).header
    now[0] = 1990.0
    second = authorizer.grant(auth.ROOT).header
    assert [base64.b64decode((h or "").split()[1]) for h in (first, second)] == [b"u:first", b"u:second"]


def bearer(realm: str = "https://auth.example/t", scope: str = "") -> str:
    return f'Bearer realm="{realm}",scope="{scope}"'


def test_many_threads_send_a_wrong_login_once() -> None:
    with scripted(lambda _: Reply(401, {}, b'{"details": "wrong"}')) as tokens:
        with scripted(guarded(f"http://{tokens.host}/auth", set())) as server:
            registry = server.registry(LOGIN)

            def reason(number: int) -> str:
                with pytest.raises(RegistryDenied) as caught:
                    registry.tags(f"apps/r{number}")
                return str(caught.value)

            with ThreadPoolExecutor(6) as pool:
                reasons = list(pool.map(reason, range(12)))
            registry.close()
        assert len(tokens.asked) == 1
    assert sum("wrong" in text for text in reasons) == 1
    assert sum("user `user` was refused before" in text for text in reasons) == 11


def test_a_wrong_basic_login_is_not_sent_again() -> None:
    with scripted(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})) as server:
        registry = server.registry(LOGIN)
        for _ in range(3):
            with pytest.raises(RegistryDenied):
                registry.tags("a/b")
        registry.close()
        assert [asked.headers.get("authorization") for asked in server.asked] == [None, BASIC]


def test_a_basic_login_that_may_not_see_one_repository_still_serves_others() -> None:
    def script(asked: Asked) -> Reply:
        if asked.headers.get("authorization") == BASIC and "/open/" in asked.path:
            return Reply(200, {}, b'{"tags": ["v1"]}')
        return Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})

    with scripted(script) as server:
        registry = server.registry(LOGIN)
        assert registry.tags("open/b") == ["v1"]
        with pytest.raises(RegistryDenied):
            registry.tags("closed/b")
        assert registry.tags("open/b") == ["v1"]
        registry.close()


def test_an_identity_token_is_exchanged_and_renewed() -> None:
    answers = iter([{"access_token": "t1", "expires_in": 60, "refresh_token": "second"}, {"access_token": "t2"}])
    login = Login("user", "", refresh_token="first")
    with (
        scripted(lambda _: Reply(200, {}, json.dumps(next(answers)).encode())) as tokens,
        scripted(guarded(f"http://{tokens.host}/auth", {"Bearer t1", "Bearer t2"})) as server,
    ):
        registry = server.registry(login)
        assert registry.head_manifest("a/b", "v1") is not None
        assert registry.head_manifest("c/d", "v1") is not None
        registry.close()
    forms = [parse_qs(asked.body.decode()) for asked in tokens.asked]
    assert [asked.method for asked in tokens.asked] == ["POST", "POST"]
    assert all("authorization" not in asked.headers and "?" not in asked.path for asked in tokens.asked)
    assert [form["refresh_token"] for form in forms] == [["first"], ["second"]]
    assert forms[0] == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["first"],
        "client_id": ["acr-reconciler"],
        "service": ["svc"],
        "scope": ["repository:a/b:pull"],
    }


def test_an_identity_token_that_is_refused_is_not_shown_again() -> None:
    login = Login("user", "", refresh_token="first-refresh")
    refusal = Reply(400, {}, b'{"error": "invalid_grant", "message": "bad first-refresh"}')
    with scripted(lambda _: refusal) as tokens:
        with scripted(guarded(f"http://{tokens.host}/auth", set())) as server:
            registry = server.registry(login)
            with pytest.raises(RegistryDenied, match="identity token was refused, log in anew") as caught:
                registry.tags("a/b")
            with pytest.raises(RegistryDenied, match="refused before"):
                registry.tags("c/d")
            registry.close()
        assert len(tokens.asked) == 1
    assert "first-refresh" not in str(caught.value)


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    login = Login("user", "hunter2")
    echo = json.dumps({"details": f"no user with hunter2 or {base64.b64encode(b'user:hunter2').decode()}"})
    with (
        scripted(lambda _: Reply(401, {}, echo.encode())) as tokens,
        scripted(guarded(f"http://{tokens.host}/auth", set())) as server,
    ):
        registry = server.registry(login)
        with pytest.raises(RegistryDenied, match=r"no user with \*\*\* or \*\*\*"):
            registry.tags("a/b")
        registry.close()


def test_a_new_token_that_ended_on_its_way_is_replaced() -> None:
    server = TokenServer(lifetime=2)
    authorizer = server.authorizer()
    first = authorizer.grant(auth.pull("a/b"))
    assert first.minted
    assert not authorizer.challenged(bearer(), auth.pull("a/b"), first)
    second = authorizer.grant(auth.pull("a/b"))
    server.time += 3
    assert authorizer.challenged(bearer(), auth.pull("a/b"), second)


def test_a_registry_that_wants_more_than_usual_gets_it_once() -> None:
    server = TokenServer()
    authorizer = server.authorizer()
    wanted = "repository:a/b:pull,push repository:a/b:delete"
    weak = authorizer.grant(auth.push("a/b"))
    assert authorizer.challenged(bearer(scope=wanted), auth.push("a/b"), weak)
    strong = authorizer.grant(auth.push("a/b"))
    asked = parse_qs(urlsplit(server.asked[-1]).query)["scope"]
    assert asked == ["repository:a/b:pull,push", "repository:a/b:delete"]
    assert not authorizer.challenged(bearer(scope=wanted), auth.push("a/b"), strong)


def test_anybody_gets_a_token_where_no_login_is_known() -> None:
    with (
        scripted(lambda _: Reply(200, {}, b'{"token": "t1"}')) as tokens,
        scripted(guarded(f"http://{tokens.host}/auth", {"Bearer t1"})) as server,
    ):
        registry = server.registry()
        assert registry.head_manifest("a/b", "v1") is not None
        registry.close()
    assert "authorization" not in tokens.asked[0].headers


def test_a_token_server_that_redirects_gets_nothing_sent_on() -> None:
    with scripted(lambda _: Reply()) as elsewhere:
        moved = Reply(307, {"Location": f"http://{elsewhere.host}/auth"})
        with (
            scripted(lambda _: moved) as tokens,
            scripted(guarded(f"http://{tokens.host}/auth", set())) as server,
        ):
            registry = server.registry(LOGIN)
            with pytest.raises(RegistryRefused):
                registry.tags("a/b")
            registry.close()
        assert elsewhere.asked == []


def test_no_secret_shows_in_a_repr() -> None:
    assert "pass" not in repr(LOGIN)
    assert "abc" not in repr(Grant("Bearer abc"))
    assert Digest(DIGEST) == DIGEST
