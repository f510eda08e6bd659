"""The signatures here were made by Alibaba Cloud's own Python library (tea-openapi 0.4.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.emulator.openapi.signature import SignatureCheck, SignedRequest
from reconciler.emulator.refusal import Refused

KEY = ("LTAI5tExampleAccessKeyId", "ExampleAccessKeySecret0123456789")
SENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def request(
    method: str, path: str, query: str, signature: str, headers: dict[str, str], body: bytes = b""
) -> SignedRequest:
    sent = {
        "accept": "application/json",
        "user-agent": "acr-reconciler/0.1",
        "x-acs-date": "2026-01-02T03:04:05Z",
        "x-acs-version": "2018-12-01",
        "x-acs-content-sha256": EMPTY,
        **headers,
    }
    names = ";".join(sorted(sent))
    authorization = f"ACS3-HMAC-SHA256 Credential={KEY[0]},SignedHeaders={names},Signature={signature}"
    return SignedRequest(method, path, query, {**sent, "authorization": authorization}, body)


LIST_INSTANCE = request(
    "POST",
    "/",
    "PageNo=1&PageSize=30",
    "c0019d72c7a8337f8d9ec409c01437652ff5940847c94a3be10fb7aeb9241e8a",
    {
        "host": "cr.ap-northeast-1.aliyuncs.com",
        "x-acs-action": "ListInstance",
        "x-acs-signature-nonce": "00000000000000000000000000000001",
    },
)
CREATE_RULE = request(
    "POST",
    "/",
    # As on the wire: form-encoded, in another order than it is signed.
    "SyncRuleName=%E6%9D%B1%E4%BA%AC+rule%2A1%7E&InstanceId=cri-src0000000000001&NamespaceName=team-a&RepoName=app"
    "&SyncScope=REPO&SyncTrigger=PASSIVE&TagFilter=%5Erelease-v.%2A%24&TargetInstanceId=cri-dst0000000000001"
    "&TargetNamespaceName=team-a&TargetRegionId=cn-shanghai&TargetRepoName=app",
    "9575e986ca65aa236b1f21c62358338d6deb0c4ab61c6d2785e4f1c9a99571e1",
    {
        "host": "127.0.0.1:18080",
        "x-acs-action": "CreateRepoSyncRule",
        "x-acs-signature-nonce": "00000000000000000000000000000002",
        "x-acs-credentials-provider": "static_sts",
        "x-acs-accesskey-id": KEY[0],
        "x-acs-security-token": "CAIS+example/token==",
    },
)
LIST_TAGS = request(
    "GET",
    "/repos/team-a/app/tags",
    "Page=1&PageSize=100",
    "269bec3931d6857d0c54e69c6c28ad2e7d19ae70c857cbe92395ed54fc5b8409",
    {
        "host": "cr.cn-hangzhou.aliyuncs.com",
        "x-acs-action": "GetRepoTags",
        "x-acs-version": "2016-06-07",
        "x-acs-signature-nonce": "00000000000000000000000000000003",
    },
)
CREATE_NAMESPACE = request(
    "PUT",
    "/namespace",
    "",
    "46741dffbedb6778827f9823ddc4f87d86395937e3397e78cac043d499c20d28",
    {
        "host": "cr.cn-hangzhou.aliyuncs.com",
        "content-type": "application/json; charset=utf-8",
        "x-acs-action": "CreateNamespace",
        "x-acs-version": "2016-06-07",
        "x-acs-signature-nonce": "00000000000000000000000000000004",
        "x-acs-content-sha256": "14378949b7bd5ed5eae9ece560475519d72c504bcfa3a8b9d3aa6c7f9565c062",
    },
    b'{"Namespace":{"Namespace":"team-a"}}',
)
GOOD = [LIST_INSTANCE, CREATE_RULE, LIST_TAGS, CREATE_NAMESPACE]


@pytest.mark.parametrize("signed", GOOD, ids=[r.headers["x-acs-action"] for r in GOOD])
def test_accepts_what_the_official_library_signed(signed: SignedRequest) -> None:
    SignatureCheck(KEY).check(signed, SENT)


def without(signed: SignedRequest, header: str) -> SignedRequest:
    authorization = signed.headers["authorization"].replace(f";{header}", "")
    return replace(signed, headers={**signed.headers, "authorization": authorization})


@pytest.mark.parametrize(
    ("signed", "key", "now", "code"),
    [
        (LIST_INSTANCE, (KEY[0], "another secret"), SENT, "SignatureDoesNotMatch"),
        (LIST_INSTANCE, ("another key", KEY[1]), SENT, "InvalidAccessKeyId.NotFound"),
        (replace(LIST_INSTANCE, query="PageNo=2&PageSize=30"), KEY, SENT, "SignatureDoesNotMatch"),
        (replace(LIST_TAGS, path="/repos/team-a/other/tags"), KEY, SENT, "SignatureDoesNotMatch"),
        (replace(CREATE_NAMESPACE, body=b"{}"), KEY, SENT, "SignatureDoesNotMatch"),
        (without(LIST_INSTANCE, "x-acs-signature-nonce"), KEY, SENT, "IncompleteSignature"),
        (replace(LIST_INSTANCE, headers={"host": "cr"}), KEY, SENT, "IncompleteSignature"),
        (LIST_INSTANCE, KEY, SENT + timedelta(minutes=16), "InvalidTimeStamp.Expired"),
        (LIST_INSTANCE, KEY, SENT - timedelta(minutes=16), "InvalidTimeStamp.Expired"),
    ],
)
def test_refuses(signed: SignedRequest, key: tuple[str, str], now: datetime, code: str) -> None:
    with pytest.raises(Refused) as refused:
        SignatureCheck(key).check(signed, now)
    assert refused.value.code == code
    assert refused.value.status in (400, 403)


def test_refuses_a_nonce_twice() -> None:
    check = SignatureCheck(KEY)
    check.check(LIST_INSTANCE, SENT)
    with pytest.raises(Refused, match="SignatureNonceUsed"):
        check.check(LIST_INSTANCE, SENT)


def test_tells_no_secret() -> None:
    assert KEY[1] not in repr(SignatureCheck(KEY))
