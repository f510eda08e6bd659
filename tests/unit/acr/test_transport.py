from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx
import pytest

from reconciler.acr import signing
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import (
    AcrError,
    ApiError,
    ClockSkewed,
    MalformedAnswer,
    NotFound,
    ProxyUnusable,
    Throttled,
    Unavailable,
    Unreachable,
    WriteRefused,
)
from reconciler.acr.events import CallEvent, CallRetried, CallThrottled
from reconciler.acr.request import Request, Version
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import ReadOnlyTransport, Transport, http_client

Service = Callable[[httpx.Request], httpx.Response]
Connect = Callable[[Service], Transport]

READ = Request(Version.ENTERPRISE, "GetInstance", "cn-hangzhou", {"InstanceId": "cri-1 +*~東"})
WRITE = Request(Version.ENTERPRISE, "CreateNamespace", "cn-hangzhou", {"InstanceId": "cri-1"})
REPEATABLE = Request(Version.ENTERPRISE, "DeleteNamespace", "cn-hangzhou", {"InstanceId": "cri-1"})
SUCCESS = {"RequestId": "R", "Code": "success", "IsSuccess": True}


def answers(*script: httpx.Response | httpx.TransportError) -> Service:
    """Each answer once, in this order; a call too many fails the test."""
    waiting = list(script)

    def serve(_request: httpx.Request) -> httpx.Response:
        answer = waiting.pop(0)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    return serve


def refused(code: str, status: int = 400, message: str = "m", **headers: str) -> httpx.Response:
    return httpx.Response(
        status,
        json={"RequestId": "R", "Code": code, "Message": message},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def good() -> httpx.Response:
    return httpx.Response(200, json=SUCCESS)


def test_what_is_sent_is_what_is_signed(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good()

    transport = connect(serve)
    transport.call(READ)

    (request,) = seen
    assert request.url.host == "cr.cn-hangzhou.aliyuncs.com"
    assert request.url.scheme == "https"
    assert dict(request.url.params) == READ.query
    given, _, signed = request.headers["authorization"].partition("SignedHeaders=")
    names = signed.partition(",")[0].split(";")
    assert given == "ACS3-HMAC-SHA256 Credential=LTAI5tExampleAccessKeyId,"
    assert {name for name in request.headers if name.startswith("x-acs-")} <= set(names)
    assert {"host", "accept", "user-agent", "x-acs-region-id", "x-acs-security-token"} <= set(names)
    assert request.headers["x-acs-region-id"] == "cn-hangzhou"
    assert request.headers["x-acs-date"] == "2026-01-02T03:04:05Z"
    canonical = signing.canonical_request(
        "POST", "/", READ.query, request.headers, names, signing.payload_hash(request.content)
    )
    expected = signing.signature("ExampleAccessKeySecret0123456789", canonical)
    assert request.headers["authorization"].endswith(f"Signature={expected}")
    assert transport.calls == {"GetInstance": 1}


def test_a_body_is_signed_and_named(connect: Connect) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good()

    body = b'{"Namespace":{"Namespace":"team-a"}}'
    connect(serve).call(Request(Version.PERSONAL, "CreateNamespace", "r", method="PUT", path="/namespace", body=body))

    (request,) = seen
    assert request.content == body
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["x-acs-content-sha256"] == signing.payload_hash(body)
    assert "content-type;" in request.headers["authorization"]


BUSY: list[httpx.Response | httpx.TransportError] = [
    refused("Throttling.User"),
    refused("Rejected.Throttling", 503),
    refused("Unknown", 429),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("no route"),
]
DOUBTFUL: list[httpx.Response | httpx.TransportError] = [
    refused("ServiceUnavailable", 503),
    refused("SystemError", 500),
    refused("SLB_SERVICE_ERROR"),
    httpx.Response(502, text="<html>bad gateway</html>"),
    httpx.ReadTimeout("too slow"),
    httpx.RemoteProtocolError("cut off"),
]
FINAL: list[httpx.Response | httpx.TransportError] = [
    refused("NoPrivilege", 403),
    refused("MissingInstanceId"),
    refused("INSTANCE_NOT_EXIST", 404),
    refused("NAMESPACE_ALREADY_EXIST"),
    httpx.Response(200, json={**SUCCESS, "IsSuccess": False, "Code": "INSTANCE_STATUS_NOT_SUPPORT"}),
    httpx.Response(200, text="<html>log in to the proxy first</html>"),
]


@pytest.mark.parametrize("failure", [*BUSY, *DOUBTFUL], ids=repr)
def test_a_read_is_tried_again_after_what_may_pass(
    connect: Connect, failure: httpx.Response | httpx.TransportError
) -> None:
    assert connect(answers(failure, good())).call(READ).text("RequestId") == "R"


@pytest.mark.parametrize("failure", BUSY, ids=repr)
def test_a_write_is_tried_again_when_it_certainly_did_not_happen(
    connect: Connect, failure: httpx.Response | httpx.TransportError
) -> None:
    assert connect(answers(failure, good())).call(WRITE).text("RequestId") == "R"


@pytest.mark.parametrize("failure", [*DOUBTFUL, *FINAL], ids=repr)
def test_a_write_that_may_have_happened_surfaces_at_once(
    connect: Connect, failure: httpx.Response | httpx.TransportError
) -> None:
    transport = connect(answers(failure))
    with pytest.raises(AcrError):
        transport.call(WRITE)
    assert transport.calls == {"CreateNamespace": 1}


@pytest.mark.parametrize("failure", DOUBTFUL, ids=repr)
def test_a_write_that_may_happen_twice_is_tried_again(
    connect: Connect, failure: httpx.Response | httpx.TransportError
) -> None:
    assert connect(answers(failure, good())).call(REPEATABLE).text("RequestId") == "R"


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("Fri, 02 Jan 2026 03:24:05 GMT", "; the clock of this machine is 20 min behind the service's"),
        ("Fri, 02 Jan 2026 02:44:05 GMT", "; the clock of this machine is 20 min ahead of the service's"),
        ("yesterday", ""),
    ],
)
def test_a_wrong_clock_is_named(connect: Connect, date: str, said: str) -> None:
    refusal = refused("InvalidTimeStamp.Expired", message="Specified time stamp or date value is expired.")
    refusal.headers["date"] = date
    with pytest.raises(ClockSkewed) as skewed:
        connect(answers(refusal)).call(READ)
    expected = "`GetInstance` was refused: InvalidTimeStamp.Expired: Specified time stamp or date value is expired."
    assert str(skewed.value).replace(" (request id R)", "") == expected + said


@pytest.mark.parametrize(
    "body", [{"isSuccess": False, "code": "NAMESPACE_NOT_EXIST"}, {"Success": "false", "Code": "X_NOT_EXIST"}]
)
def test_a_refusal_in_either_spelling(connect: Connect, body: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        connect(answers(httpx.Response(200, json=body))).call(READ)


@pytest.mark.parametrize("failure", FINAL, ids=repr)
def test_a_read_that_will_not_do_better_surfaces_at_once(
    connect: Connect, failure: httpx.Response | httpx.TransportError
) -> None:
    with pytest.raises(AcrError):
        connect(answers(failure)).call(READ)


def test_patience_ends(connect: Connect, slept: list[float], told: list[CallEvent]) -> None:
    transport = connect(answers(*[refused("SystemError", 500) for _ in range(4)]))
    with pytest.raises(Unavailable, match="SystemError"):
        transport.call(READ)
    assert transport.calls == {"GetInstance": 4}
    assert slept == [1.0, 2.0, 4.0]
    assert [event.delay for event in told if isinstance(event, CallRetried)] == slept


def test_patience_ends_sooner_when_nobody_answers(connect: Connect, slept: list[float]) -> None:
    with pytest.raises(Unreachable, match=r"no answer from cr\.cn-hangzhou\.aliyuncs\.com: refused"):
        connect(answers(*[httpx.ConnectError("refused") for _ in range(3)])).call(READ)
    assert slept == [1.0, 2.0]


def test_the_service_says_how_long_to_wait_in_milliseconds(
    connect: Connect, slept: list[float], told: list[CallEvent]
) -> None:
    connect(answers(refused("Throttling", 429, x_acs_retry_after="2500"), good())).call(READ)
    assert slept == [2.5]
    assert told == [CallThrottled("GetInstance", 2.5)]


def test_a_refusal_can_come_with_success_as_status(connect: Connect) -> None:
    body = {"RequestId": "R", "Code": "INSTANCE_NOT_EXIST", "Message": "instance is not exist", "IsSuccess": False}
    with pytest.raises(NotFound) as caught:
        connect(answers(httpx.Response(200, json=body))).call(READ)
    assert (caught.value.code, caught.value.status, caught.value.request_id) == ("INSTANCE_NOT_EXIST", 200, "R")


def test_errors_of_personal_edition_are_spelled_in_lower_case(connect: Connect) -> None:
    body = {"requestId": "r", "code": "NAMESPACE_NOT_EXIST", "message": "namespace is not exist."}
    with pytest.raises(NotFound, match=r"NAMESPACE_NOT_EXIST: namespace is not exist\. \(request id r\)"):
        connect(answers(httpx.Response(404, json=body))).call(READ)


@pytest.mark.parametrize("success", [True, "true"])
def test_code_may_be_a_boolean(connect: Connect, success: object) -> None:
    body = {"RequestId": "R", "Code": True, "IsSuccess": success}
    assert connect(answers(httpx.Response(200, json=body))).call(READ).text("RequestId") == "R"


def test_a_failure_without_a_code_is_named_by_its_status(connect: Connect) -> None:
    with pytest.raises(ApiError, match="HTTP 418"):
        connect(answers(httpx.Response(HTTPStatus.IM_A_TEAPOT, text="tea"))).call(READ)


@pytest.mark.parametrize("body", ["", "tea", "[1]", "[" * 100_000])
def test_an_unreadable_success_is_a_typed_error(connect: Connect, body: str) -> None:
    with pytest.raises(MalformedAnswer, match="`GetInstance`"):
        connect(answers(httpx.Response(200, text=body))).call(READ)


def test_messages_lose_secrets(connect: Connect) -> None:
    body = {"Code": "SignatureDoesNotMatch", "Message": "x-acs-security-token:CAIS+example/token=="}
    with pytest.raises(ApiError) as caught:
        connect(answers(httpx.Response(400, json=body))).call(READ)
    assert "CAIS" not in str(caught.value)
    assert "CAIS" not in caught.value.message


def test_a_redirect_is_not_followed(connect: Connect) -> None:
    service = answers(httpx.Response(302, headers={"location": "https://elsewhere.example.com/"}, json={}))
    with pytest.raises(ApiError, match="HTTP 302"):
        connect(service).call(READ)


def test_a_certificate_that_is_not_trusted_is_not_tried_again(connect: Connect) -> None:
    def distrust(_request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("self-signed certificate")
        except ssl.SSLCertVerificationError as cause:
            raise httpx.ConnectError("self-signed certificate") from cause

    transport = connect(distrust)
    with pytest.raises(Unreachable, match="self-signed"):
        transport.call(READ)
    assert transport.calls == {"GetInstance": 1}


def test_a_read_only_transport_lets_reads_through(connect: Connect) -> None:
    login = Request(Version.ENTERPRISE, "GetAuthorizationToken", "cn-hangzhou")
    transport = connect(answers(good(), good()))
    for request in (READ, login):
        assert ReadOnlyTransport(transport).call(request).flag("IsSuccess")


def test_a_read_only_transport_sends_no_write(connect: Connect) -> None:
    transport = connect(answers())
    with pytest.raises(WriteRefused, match="`CreateNamespace` would write"):
        ReadOnlyTransport(transport).call(WRITE)
    assert transport.calls == {}


def test_an_action_is_a_read_only_in_its_own_version(connect: Connect) -> None:
    request = Request(Version.PERSONAL, "GetInstance", "cn-hangzhou")
    with pytest.raises(WriteRefused):
        ReadOnlyTransport(connect(answers())).call(request)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://cr.example.com", "plain HTTP is for loopback only"),
        ("http://127.0.0.1.example.com", "plain HTTP is for loopback only"),
        ("127.0.0.1:5800", "not an HTTP address"),
        ("ftp://127.0.0.1", "not an HTTP address"),
        ("http://127.0.0.1:abc", "not an HTTP address"),
        ("http://127.0.0.1:99999", "not an HTTP address"),
        ("http://[::1", "not an HTTP address"),
        ("https://a..b", "not an HTTP address"),
        (f"https://{'a' * 64}.example.com", "not an HTTP address"),
        ("https://exämple.com", "not an HTTP address"),
        (" http://127.0.0.1:5800", "not an HTTP address"),
        ("https://example.com/?a=b", "the address holds more"),
    ],
)
def test_signed_calls_do_not_go_out_in_the_open(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Endpoint(url)


def test_a_login_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="the address holds more") as caught:
        Endpoint("http://user:do-not-show@127.0.0.1:abc")
    assert "do-not-show" not in str(caught.value)


def test_a_scheme_in_big_letters_is_the_same() -> None:
    assert Endpoint("HTTPS://127.0.0.1:5800").encrypted


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5800", "http://localhost:1", "http://[::1]:1", "https://e.example.com"]
)
def test_an_endpoint_takes_every_call(url: str) -> None:
    assert Endpoint(url + "/").base(Version.ENTERPRISE, "cn-hangzhou") == url


def test_every_call_goes_to_the_endpoint_and_past_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        endpoint = Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}")
    with http_client(endpoint) as client:
        once = Backoff(unreachable_tries=1)
        transport = Transport(client, StaticCredential(Credential("id", "secret")), endpoint=endpoint, backoff=once)
        with pytest.raises(Unreachable) as caught:
            transport.call(Request(Version.ENTERPRISE, "DeleteNamespace", "cn-hangzhou"))
    assert (caught.value.host, caught.value.sent) == ("127.0.0.1", False)


def test_throttling_slows_every_thread_down(connect: Connect, slept: list[float]) -> None:
    transport = connect(answers(*[refused("Throttling") for _ in range(4)]))
    with pytest.raises(Throttled):
        transport.call(READ)
    assert slept == [1.0, 2.0, 4.0]


class _Drip(httpx.SyncByteStream):
    """A body that goes on for ever, of so many bytes a piece."""

    def __init__(self, piece: bytes) -> None:
        self._piece = piece

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self._piece


@pytest.mark.parametrize(
    ("piece", "seconds", "said"), [(b" ", 0.05, "does not end"), (b" " * 1024 * 1024, 30.0, "has more than")]
)
def test_an_answer_has_an_end(piece: bytes, seconds: float, said: str) -> None:
    served = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Drip(piece)))
    with httpx.Client(transport=served, timeout=seconds) as client:
        transport = Transport(
            client, StaticCredential(Credential("id", "secret")), backoff=Backoff(first=0.0, unreachable_tries=1)
        )
        with pytest.raises(Unreachable, match=said):
            transport.call(READ)


def test_what_no_header_may_hold_is_not_quoted(connect: Connect) -> None:
    with pytest.raises(Unreachable) as caught:
        connect(answers(*[httpx.LocalProtocolError("Illegal header value b'do-not-show'")] * 4)).call(READ)
    assert "do-not-show" not in str(caught.value)


@pytest.mark.parametrize(
    "setting", [("HTTPS_PROXY", "socks5://u:do-not-show@h:1"), ("HTTPS_PROXY", "http://u:do-not-show@h:x")]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*setting)
    with pytest.raises(ProxyUnusable, match="HTTPS_PROXY") as caught:
        http_client(Endpoint())
    assert "do-not-show" not in str(caught.value)


def test_a_proxy_is_named_where_the_way_leads_through_one(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(Unreachable, match=r"refused \(through the proxy that HTTPS_PROXY or HTTP_PROXY names\)"):
        connect(answers(*[httpx.ConnectError("refused")] * 4)).call(READ)


def test_a_server_without_tls_is_called_one(connect: Connect) -> None:
    with pytest.raises(Unreachable, match="does not speak TLS"):
        connect(answers(*[httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version")] * 4)).call(READ)
