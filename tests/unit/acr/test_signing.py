from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from alibabacloud_tea_openapi.utils import Utils
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acr import signing

KEY_ID = "LTAI5tExampleAccessKeyId"
SECRET = "ExampleAccessKeySecret0123456789"

_VECTORS = (Path(__file__).parent / "acs3_vectors.txt").read_text().split("### ")[1:]


@pytest.mark.parametrize("vector", _VECTORS, ids=lambda vector: vector.partition("\n")[0])
def test_published_requests_get_their_signatures(vector: str) -> None:
    _, _, rest = vector.partition("\n")
    canonical, _, outcome = rest.partition("\n--hash ")
    expected = outcome.partition("--auth ")[2].strip()
    method, path, query, *header_lines = canonical.split("\n")
    lines = header_lines[: header_lines.index("")]
    headers = {name: value for name, _, value in (line.partition(":") for line in lines)}

    pairs = dict(parse_qsl(query, keep_blank_values=True))
    signed = signing.canonical_request(method, path, pairs, headers, headers, headers["x-acs-content-sha256"])

    assert signed == canonical
    assert signing.authorization(KEY_ID, SECRET, method, path, pairs, headers) == expected


_names = st.from_regex(r"[A-Z][A-Za-z0-9]{0,11}(\.[1-9])?", fullmatch=True)
_values = st.text(st.characters(codec="utf-8"), max_size=20)
_header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)


@given(query=st.dictionaries(_names, _values, max_size=6), token=_header_values, body=st.binary(max_size=20))
def test_the_official_library_signs_alike(query: dict[str, str], token: str, body: bytes) -> None:
    headers = {
        "host": "cr.cn-hangzhou.aliyuncs.com",
        "x-acs-action": "CreateRepoSyncRule",
        "x-acs-content-sha256": signing.payload_hash(body),
        "x-acs-security-token": token,
        "x-acs-version": "2018-12-01",
    }
    request = SimpleNamespace(method="POST", pathname="/", query=query, headers=headers)

    theirs = Utils.get_authorization(request, signing.ALGORITHM, signing.payload_hash(body), KEY_ID, SECRET)

    assert signing.authorization(KEY_ID, SECRET, "POST", "/", query, headers) == theirs


@pytest.mark.parametrize(
    ("value", "encoded"),
    [("a b", "a%20b"), ("a+b", "a%2Bb"), ("*", "%2A"), ("~-_.", "~-_."), ("/=&%", "%2F%3D%26%25"), ("東", "%E6%9D%B1")],
)
def test_values_are_encoded_as_rfc_3986_asks(value: str, encoded: str) -> None:
    assert signing.canonical_query({"B": value, "A": ""}) == f"A=&B={encoded}"


def test_a_header_that_is_to_be_signed_must_be_there() -> None:
    with pytest.raises(KeyError, match="x-acs-date"):
        signing.canonical_request("GET", "/", {}, {}, ["x-acs-date"], "")
