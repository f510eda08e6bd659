"""Heads of answers are read strictly, and requests cannot be made to say more than they should."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.oci.head import Head, OutOfShape, end_of_head, parse_head, request_head

OK = b"HTTP/1.1 200 OK\r\n"


def head(*lines: bytes, status: bytes = OK, method: str = "GET") -> Head:
    return parse_head(method, status + b"".join(line + b"\r\n" for line in lines) + b"\r\n")


def test_a_request_in_one_piece() -> None:
    written = request_head("GET", "/v2/", [("Host", "r.example.com"), ("Accept", "a/b, c/d")])
    assert written == b"GET /v2/ HTTP/1.1\r\nHost: r.example.com\r\nAccept: a/b, c/d\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\x00b", "a\x7f"])
def test_a_request_stays_on_its_lines(value: str) -> None:
    with pytest.raises(ValueError, match="control character in a request: 'Authorization'"):
        request_head("GET", "/", [("Authorization", value)])
    with pytest.raises(ValueError, match="control character"):
        request_head("GET", f"/{value}", [])


def test_names_do_not_depend_on_case_and_values_are_trimmed() -> None:
    read = head(b"Docker-Content-Digest:sha256:ab", b"X-Two:\t two words \t")
    assert read.headers == {"docker-content-digest": "sha256:ab", "x-two": "two words"}


def test_lists_are_joined_and_of_others_the_first_counts() -> None:
    read = head(b"Link: <a>", b"Link: <b>", b"Location: /one", b"Location: /two")
    assert read.headers == {"link": "<a>, <b>", "location": "/one"}


def test_a_value_may_go_on_in_the_next_line() -> None:
    assert head(b"WWW-Authenticate: Bearer realm=a,", b"  service=b").headers["www-authenticate"] == (
        "Bearer realm=a, service=b"
    )


@pytest.mark.parametrize(
    ("lines", "length", "chunked", "closes"),
    [
        ([b"Content-Length: 5"], 5, False, False),
        ([b"Content-Length: 5", b"Content-Length: 5"], 5, False, False),
        ([b"Transfer-Encoding: chunked"], None, True, False),
        ([b"Transfer-Encoding: Chunked", b"Content-Length: 5"], None, True, True),
        ([], None, False, True),
        ([b"Content-Length: 5", b"Connection: close"], 5, False, True),
    ],
)
def test_where_an_answer_ends(lines: list[bytes], length: int | None, chunked: bool, closes: bool) -> None:
    read = head(*lines)
    assert (read.length, read.chunked, read.closes) == (length, chunked, closes)


@pytest.mark.parametrize(("status", "method"), [(b"200", "HEAD"), (b"204", "GET"), (b"304", "GET"), (b"100", "PUT")])
def test_answers_without_a_body(status: bytes, method: str) -> None:
    assert head(b"Content-Length: 5", status=b"HTTP/1.1 " + status + b"\r\n", method=method).length == 0


def test_an_old_server_closes_unless_it_says_otherwise() -> None:
    old = b"HTTP/1.0 200 OK\r\n"
    assert head(b"Content-Length: 1", status=old).closes
    assert not head(b"Content-Length: 1", b"Connection: Keep-Alive", status=old).closes


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([b"Content-Length: -1"], "a Content-Length that is no number"),
        ([b"Content-Length: 5, 6"], "a Content-Length that is no number"),
        ([b"Content-Length: \xb2"], "a Content-Length that is no number"),
        ([b"Content-Length: 5", b"Content-Length: 6"], "two different Content-Length headers"),
        ([b"Transfer-Encoding: gzip, chunked"], "a transfer coding that was not asked for"),
        ([b"no colon"], "not a header"),
        ([b"Name : value"], "not a header"),
        ([b": value"], "not a header"),
        ([b" folded before the first"], "not a header"),
        ([b"Name: a\rb"], "not a header"),
        ([b"Name: a\x00b"], "not a header"),
    ],
)
def test_what_is_no_head(lines: list[bytes], said: str) -> None:
    with pytest.raises(OutOfShape, match=said):
        head(*lines)


@pytest.mark.parametrize(
    "line", [b"HTTP/2 200", b"HTTP/1.1 20", b"HTTP/1.1 2000", b"HTTP/1.1  200", b"", b"SSH-2.0-x", b"HTTP/1.1 099 x"]
)
def test_what_is_no_answer(line: bytes) -> None:
    with pytest.raises(OutOfShape, match=r"not an HTTP/1\.1 answer"):
        head(status=line + b"\r\n")


def test_lines_may_end_without_a_carriage_return() -> None:
    data = b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc\r\n\r\n"
    end = end_of_head(data)
    assert data[end:] == b"abc\r\n\r\n"
    assert parse_head("GET", data[:end]).length == 3


@given(st.binary(max_size=200), st.sampled_from(["GET", "HEAD"]))
def test_any_bytes_are_read_or_refused(data: bytes, method: str) -> None:
    whole = OK + data + b"\r\n\r\n"
    try:
        read = parse_head(method, whole[: end_of_head(whole)])
    except OutOfShape:
        return
    assert read.status == 200


_NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
_VALUES = st.text(string.ascii_letters + string.digits + " :;,=/<>\"'", max_size=30).map(str.strip)


@given(st.dictionaries(_NAMES.map(str.lower).filter(lambda n: n != "transfer-encoding"), _VALUES, max_size=8))
def test_what_is_written_is_read_again(headers: dict[str, str]) -> None:
    headers.pop("content-length", None)
    written = request_head("GET", "/", list(headers.items()))
    data = OK + written.split(b"\r\n", 1)[1]
    assert end_of_head(data) == len(data)
    assert parse_head("GET", data).headers == headers
