"""Answers over a real socket, cut into packets in every way, with and without their ends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from reconciler.oci.channel import Channel, Ended, Proxy
from reconciler.oci.client import Registry
from reconciler.oci.errors import ConnectionUnusable
from reconciler.oci.head import OutOfShape
from reconciler.oci.response import Response

BODY = bytes(range(256)) * 4
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"200;name=value\r\n" + BODY[:512] + b"\r\n200\r\n" + BODY[512:] + b"\r\n0\r\nTrailer: x\r\n\r\n"
)
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\n" + BODY


@contextlib.contextmanager
def listening(*packets: bytes, hold: bool = False) -> Iterator[int]:
    """The port of a server that reads one request, sends `packets` and closes, unless it is to `hold` on."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.recv(65536)
            for packet in packets:
                sock.sendall(packet)
                if len(packets) > 1:
                    time.sleep(0.0005)
            if hold:
                over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


@contextlib.contextmanager
def answering(*packets: bytes, hold: bool = False) -> Iterator[Channel]:
    """A connection to such a server."""
    with listening(*packets, hold=hold) as port:
        channel = Channel("127.0.0.1", port, seconds=10)
        channel.connect()
        yield channel
        channel.close()


def asked(channel: Channel, method: str = "GET") -> Response:
    channel.ask(method, "/", [("Host", "here")])
    return Response(channel, method)


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, UNTIL_CLOSED], ids=["length", "chunks", "until closed"])
@pytest.mark.parametrize("size", [1, 7, 1024 * 1024])
def test_an_answer_does_not_depend_on_its_packets(answer: bytes, size: int) -> None:
    pieces = [answer[n : n + size] for n in range(0, len(answer), size)]
    with answering(*pieces) as channel:
        response = asked(channel)
        assert response.read(4096) == BODY
        assert response.finished
        assert response.reusable == (answer != UNTIL_CLOSED)


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, UNTIL_CLOSED], ids=["length", "chunks", "until closed"])
def test_into_a_buffer(answer: bytes) -> None:
    with answering(answer) as channel:
        response, buffer, found = asked(channel), memoryview(bytearray(100)), bytearray()
        while count := response.readinto(buffer):
            found += buffer[:count]
        assert bytes(found) == BODY
        assert response.readinto(buffer) == 0


def test_a_limit_leaves_the_rest() -> None:
    with answering(PLAIN) as channel:
        response = asked(channel)
        assert response.read(10) == BODY[:10]
        assert not response.finished


@pytest.mark.parametrize("cut", range(1, len(PLAIN) - len(BODY)))
def test_a_head_that_breaks_off_is_no_head(cut: int) -> None:
    with answering(PLAIN[:cut]) as channel, pytest.raises(Ended, match="in the head of an answer"):
        asked(channel)


def test_a_body_that_is_shorter_than_stated() -> None:
    with answering(PLAIN[:-1]) as channel, pytest.raises(Ended, match="the answer ended early"):
        asked(channel).read(4096)


@pytest.mark.parametrize("end", [1, 2, 3, 20, 530, 600])
def test_chunks_that_break_off(end: int) -> None:
    with answering(CHUNKED[:-end]) as channel:
        response = asked(channel)
        with pytest.raises(Ended):
            response.read(4096)


@pytest.mark.parametrize("chunk", [b"zz\r\nab\r\n", b"\r\nab\r\n", b"2\r\nabc\r\n", b"-1\r\na\r\n", b"0x2\r\nab\r\n"])
def test_chunks_out_of_shape(chunk: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n"
    with answering(answer) as channel, pytest.raises(OutOfShape, match="a chunk"):
        asked(channel).read(100)


def test_announcements_are_passed_over() -> None:
    with answering(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + PLAIN) as channel:
        assert asked(channel).read(4096) == BODY


def test_nobody_asked_for_another_protocol() -> None:
    with answering(b"HTTP/1.1 101 Switching Protocols\r\n\r\n") as channel, pytest.raises(OutOfShape, match="protocol"):
        asked(channel)


def test_a_head_without_an_end_is_not_read_for_ever() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000
    with answering(endless) as channel, pytest.raises(OutOfShape, match="more than 65536 bytes of headers"):
        asked(channel)


def test_silence_ends() -> None:
    with answering(hold=True) as channel:
        channel.allow(0.05)
        with pytest.raises(TimeoutError, match="timed out"):
            asked(channel)


def test_silence_in_a_body_ends() -> None:
    with answering(PLAIN[:100], hold=True) as channel:
        response = asked(channel)
        channel.allow_answer(0.05)
        with pytest.raises(TimeoutError, match="timed out"):
            response.read(4096)


def test_who_reads_nothing_is_not_waited_for() -> None:
    with answering(hold=True) as channel:
        channel.allow(0.05)
        channel.ask("PUT", "/", [("Host", "here")])
        with pytest.raises(TimeoutError, match="timed out"):
            channel.send(memoryview(bytes(64 * 1024 * 1024)))


def test_a_proxy_opens_a_tunnel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                heard.append(sock.recv(65536))
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                heard.append(sock.recv(65536))
                sock.sendall(PLAIN)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        channel = Channel("reg.test", 5000, seconds=10, tunnel=Proxy("127.0.0.1", port, "Basic YQ=="))
        channel.connect()
        assert asked(channel).read(4096) == BODY
        channel.close()
        thread.join()
    assert (
        heard[0] == b"CONNECT reg.test:5000 HTTP/1.1\r\nHost: reg.test:5000\r\nProxy-Authorization: Basic YQ==\r\n\r\n"
    )
    assert heard[1].startswith(b"GET / HTTP/1.1\r\n")


def test_a_proxy_that_refuses() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with listening(refusal) as port:
        channel = Channel("reg.test", 5000, seconds=10, tunnel=Proxy("127.0.0.1", port))
        with pytest.raises(OSError, match=r"the proxy answered 407 when asked for a tunnel to reg\.test:5000"):
            channel.connect()
        assert channel.sock is None


def test_a_proxy_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(OSError, match=rf"^the proxy 127\.0\.0\.1:{port} cannot be reached: Connection refused$"):
        Channel("registry.example.com", 443, seconds=5.0, tunnel=Proxy("127.0.0.1", port)).connect()


def test_a_server_without_tls_is_called_one() -> None:
    with listening(PLAIN) as port, closing(Registry(f"127.0.0.1:{port}", lambda _: None, plain_http=False)) as registry:
        with pytest.raises(ConnectionUnusable, match="does not speak TLS; name it with `http://`"):
            list(registry.tags("apps/web"))
        assert registry.retries == 0
