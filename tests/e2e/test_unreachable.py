"""A cloud that says no, says nonsense, says nothing, or is half there: one clear message, exit 1, no secret told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.stage import HUB, elsewhere, picture, staged
from tests.e2e.test_main_job import SEED, SPEC
from tests.unit.transfer.lab import serve

VERBS = (("plan", "registry.yaml"), ("drift", "registry.yaml"), ("apply", "registry.yaml", "--auto-approve"))


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """An endpoint that says the same to everybody."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  # the name is http.server's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # so is this one
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _told_once(text: str, what: str, hint: str) -> None:
    assert text.count("error: ") == 1, text
    assert text.count("hint: ") == 1, text
    assert what in text
    assert hint in text


def test_a_wrong_secret_is_told_as_one_and_not_shown(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        wrong = elsewhere(stage, stage.local.endpoint, "wrong-canary-secret")
        for verb in VERBS:
            text = wrong.run(*verb, expect=1)
            _told_once(text, "SignatureDoesNotMatch", "check the access key id and its secret")
            assert "wrong-canary" not in text


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (200, b"\x00\xff\xfe garbage", "not JSON"),
        (200, b"<html><body>Welcome</body></html>", "not JSON"),
        (200, b"[]", "not a JSON object"),
        (404, b"not found", "HTTP 404"),
        (502, b"<html>bad gateway</html>", "HTTP 502"),
        (500, b'{"Code": "InternalError", "Message": "boom"}', "InternalError: boom"),
    ],
)
def test_an_endpoint_that_is_none(status: int, body: bytes, what: str, tmp_path: Path) -> None:
    with staged(tmp_path) as stage, answering(status, body) as endpoint:
        text = elsewhere(stage, endpoint).apply(expect=1)
        _told_once(text, what, "try again later" if status >= 500 else "check `--endpoint-url`")


def test_an_endpoint_where_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with staged(tmp_path) as stage:
            text = elsewhere(stage, f"http://127.0.0.1:{probe.getsockname()[1]}").apply(expect=1)
            _told_once(text, "no answer from 127.0.0.1", "check the region's name, the network and `--endpoint-url`")


def test_an_endpoint_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CALL_TIMEOUT", "0.3")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with staged(tmp_path) as stage:
            text = elsewhere(stage, f"http://127.0.0.1:{silent.getsockname()[1]}").apply(expect=1)
            _told_once(text, "timed out", "check the region's name, the network and `--endpoint-url`")


def test_a_time_out_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CALL_TIMEOUT", "soon")
    with staged(tmp_path) as stage:
        _told_once(stage.apply(expect=1), "RECONCILER_CALL_TIMEOUT is not a number of seconds", "correct")


def test_a_target_registry_that_is_down_while_the_api_works(tmp_path: Path) -> None:
    with ExitStack() as running:
        hub = running.enter_context(serve(tmp_path / "hub"))
        with staged(tmp_path / "stage", registries={HUB: f"http://{hub.host}"}, images=1) as stage:
            text = stage.apply_with_a_pause(running.close, expect=3)
            assert "failed v1: " in text
            assert "another run may succeed" in text


def test_a_source_registry_that_is_down_while_the_api_works(tmp_path: Path) -> None:
    with ExitStack() as running:
        hub = running.enter_context(serve(tmp_path / "hub"))
        spec = SPEC[: SPEC.index("imports:")] + SPEC[SPEC.index("replications:") :]
        seed = SEED.replace("name: acme-hub}", "name: acme-hub, namespaces: {apps: {auto_create: true}}}")
        with staged(tmp_path / "stage", seed=seed, spec=spec, registries={HUB: f"http://{hub.host}"}) as stage:
            made = picture("one")
            stage.push(HUB, "apps/web", "v1", made)
            running.close()
            _told_once(stage.apply(expect=1), "could not be read", "")
