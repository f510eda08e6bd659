"""What is told of calls: enough to find them at the service, and nothing secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.errors import AcrError
from reconciler.acr.events import CallMade
from reconciler.acr.pace import Pace
from reconciler.acr.request import FORM, Request, Version
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import Transport
from reconciler.render.request_log import line

_SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "request-log.v1.json").read_text())
READ = Request(Version.ENTERPRISE, "GetInstance", "cn-hangzhou", {"InstanceId": "cri-1 東"})
KEY = Credential("LTAI5tExampleAccessKeyId", "ExampleAccessKeySecret0123456789", "CAIS+example/token==")


def recorded(
    service: Callable[[httpx.Request], httpx.Response], request: Request = READ, credential: Credential = KEY
) -> list[CallMade]:
    """What one call of `request` leaves in the log; three tries at most."""
    calls: list[CallMade] = []
    with httpx.Client(transport=httpx.MockTransport(service)) as client:
        transport = Transport(
            client,
            StaticCredential(credential),
            pace=Pace(1000.0, 1000, clock=lambda: 0.0, sleep=lambda _: None),
            backoff=Backoff(tries=3),
            recorder=calls.append,
            clock=lambda: datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
        )
        with suppress(AcrError):
            transport.call(request)
    for call in calls:
        Draft202012Validator(_SCHEMA).validate(json.loads(line(call)))
    return calls


def test_every_try_is_a_line() -> None:
    answers = [
        httpx.Response(429, json={"RequestId": "R1", "Code": "Throttling.User", "Message": "slower"}),
        httpx.Response(200, json={"RequestId": "R2", "Code": "success", "IsSuccess": True}),
    ]
    first, second = recorded(lambda _: answers.pop(0))
    assert (first.attempt, first.status, first.code, first.problem) == (1, 429, "Throttling.User", "slower")
    assert (second.attempt, second.status, second.code, second.request_id) == (2, 200, "success", "R2")
    told = json.loads(line(second))
    assert told.pop("milliseconds") >= 0
    assert told == {
        "format_version": "1.0",
        "time": "2026-01-02T03:04:05.678Z",
        "account": "",
        "version": "2018-12-01",
        "action": "GetInstance",
        "region": "cn-hangzhou",
        "method": "POST",
        "host": "cr.cn-hangzhou.aliyuncs.com",
        "path": "/",
        "query": {"InstanceId": "cri-1 東"},
        "attempt": 2,
        "status": 200,
        "code": "success",
        "request_id": "R2",
        "problem": "",
    }


def test_a_call_without_an_answer_is_a_line_too() -> None:
    def cut_off(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(f"reset while sending {KEY.access_key_secret}")

    calls = recorded(cut_off)
    assert {(call.status, call.problem) for call in calls} == {(None, "reset while sending ***")}


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b""])
def test_an_answer_that_cannot_be_read(body: bytes) -> None:
    (call,) = recorded(lambda _: httpx.Response(200, content=body))
    assert (call.status, call.problem) == (200, "the answer cannot be read")


_secrets = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=4, max_size=40).map(
    "k!{}".format
)
_parameters = st.sampled_from(["InstanceId", "SyncRuleName", "Password", "OIDCToken"])


def _echo(request: httpx.Request) -> httpx.Response:
    """Tells all that it saw, as the service does with signatures that it refuses."""
    everything = f"{request.headers.raw} {request.url} {request.content!r}"
    return httpx.Response(400, json={"Code": "SignatureDoesNotMatch", "Message": everything, "IsSuccess": False})


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def _told(calls: list[CallMade]) -> str:
    lines = [line(call) for call in calls]
    return "\n".join((*lines, *(str(value) for text in lines for value in json.loads(text).values())))


@given(
    secret=_secrets,
    token=_secrets,
    status=st.sampled_from([200, 400, 403, 500, 503]),
    query=st.dictionaries(_parameters, _secrets),
)
def test_nothing_secret_is_ever_told(secret: str, token: str, status: int, query: dict[str, str]) -> None:
    signatures: set[str] = set()

    def service(request: httpx.Request) -> httpx.Response:
        signatures.add(request.headers["authorization"].rpartition("Signature=")[2])
        answer = _echo(request)
        answer.status_code = status
        return answer

    request = Request(Version.ENTERPRISE, "GetInstance", "cn-hangzhou", query)
    told = _told(recorded(service, request, Credential("id", secret, token)))

    hidden = {secret, token, *signatures, *(query[name] for name in query.keys() & {"Password", "OIDCToken"})}
    assert [form for value in hidden for form in _forms(value) if form in told] == []


@given(token=_secrets)
def test_no_token_that_buys_a_credential_is_told(token: str) -> None:
    form = urlencode({"OIDCToken": token, "RoleArn": "acs:ram::1:role/r"}).encode()
    request = Request(Version.STS, "AssumeRoleWithOIDC", "cn-hangzhou", body=form, content_type=FORM, signed=False)
    told = _told(recorded(_echo, request))

    assert "RoleArn" in told
    assert [form for form in _forms(token) if form in told] == []
