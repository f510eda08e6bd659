"""The benchmark runs from end to end on small corpora and writes a page with every figure in its place."""

from __future__ import annotations

import itertools
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tests.bench.clients import available
from tests.bench.registries import delayed
from tests.bench.targets import Target

PROJECT = Path(__file__).parents[2]
RACES = ("A", "A-TLS", "B", "C", "RTT")
CLIENTS = [str(client) for client in available()]

Table = list[dict[str, str]]


def _page(out: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--out", str(out), *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = out.read_text(encoding="utf-8")
    assert done.stdout == written
    return written


def _tables(page: str, first_column: str) -> list[Table]:
    """Every table whose head begins with `first_column`."""
    tables = []
    for head, body in re.findall(rf"^(\| {first_column} \|.*\n)\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE):
        names, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in (head + body).splitlines())
        tables.append([dict(zip(names, row, strict=True)) for row in rows])
    return tables


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def test_copies_and_listings_have_all_their_figures(tmp_path: Path) -> None:
    page = _page(tmp_path / "page.md", "--cases", "A,A-TLS,B,C,RTT,LISTING,LARGE")
    copies, ratios, limits = _tables(page, "case")
    _every_client_ran_every_case(copies)
    _requests_are_those_that_a_copy_takes(copies)
    _ratios_follow_from_the_rounds(ratios)
    _limits_are_of_the_same_copies(limits, copies)
    [listings] = _tables(page, "on both sides")
    _listings_ask_no_registry(listings)
    [targets] = _tables(page, "target")
    _targets_have_their_verdicts(targets)


def _every_client_ran_every_case(copies: Table) -> None:
    assert [(row["case"], row["client"]) for row in copies] == list(itertools.product(RACES, CLIENTS))
    for row in copies:
        assert all(_number(row[name]) > 0 for name in ("wall s", "CPU s", "requests to source", "peak MB"))


def _requests_are_those_that_a_copy_takes(copies: Table) -> None:
    ours = {row["case"]: row for row in copies if row["client"] == "reconciler"}
    # Corpus C is 10 tags in 2 repositories: each repository is listed and each tag asked for once on both sides.
    assert (ours["C"]["requests to source"], ours["C"]["to target"]) == ("12", "12")
    # Corpus A is 2 tags in 2 repositories: list, manifest and 3 blobs of each; looking for referrers takes at most two
    # requests more for each. Over TLS it is no different.
    assert all(10 <= _number(ours[case]["requests to source"]) <= 14 for case in ("A", "A-TLS"))


def _ratios_follow_from_the_rounds(ratios: Table) -> None:
    assert [(row["case"], row["beside"]) for row in ratios] == list(itertools.product(RACES, CLIENTS[1:]))
    for row in ratios:
        assert row["wall"] == row["wall, round by round"]  # one round is its own median
        assert all(_number(row[name]) > 0 for name in ("CPU", "requests", "peak memory"))


def _limits_are_of_the_same_copies(limits: Table, copies: Table) -> None:
    same = ("case", "client", "wall s")
    assert [[row[name] for name in same] for row in limits] == [[row[name] for name in same] for row in copies]
    assert all(_number(row["least s"]) > 0 for row in limits)


def _listings_ask_no_registry(listings: Table) -> None:
    assert [row["on both sides"] for row in listings] == ["10 tags in 2 repositories", "300 tags in 2 repositories"]
    assert [row["registry requests"] for row in listings] == ["0", "0"]
    # 150 tags are two pages, of two repositories on two sides; 5 are one.
    few, many = (int(row["calls"]) for row in listings)
    assert many - few == 4


def _targets_have_their_verdicts(targets: Table) -> None:
    assert len(targets) >= 9
    for row in targets:
        assert re.fullmatch(r"met|missed by \d+%", row[""])


def test_start_up_is_timed(tmp_path: Path) -> None:
    page = _page(tmp_path / "page.md", "--cases", "START")
    [rows] = _tables(page, "command")
    assert [row["command"] for row in rows] == [
        "an empty Python program",
        "`reconciler --help`",
        "`reconciler validate`, 5 resources",
        "`reconciler plan --live`, 50 resources",
    ]
    assert all(_number(row[name]) > 0 for row in rows for name in ("wall s", "CPU s", "peak MB"))


def test_a_case_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--cases", "A,Z", "--out", str(tmp_path / "page.md")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert not (tmp_path / "page.md").exists()


def test_the_relay_keeps_bytes_and_their_order_on_many_connections() -> None:
    def echo(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def serve(listener: socket.socket, count: int) -> None:
        for _ in range(count):
            threading.Thread(target=echo, args=(listener.accept()[0],)).start()

    payloads = [bytes([number]) * 100_000 + bytes(range(256)) * 500 for number in range(20)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, len(payloads))).start()
        with delayed(f"127.0.0.1:{listener.getsockname()[1]}", 0.01) as address:
            host, _, port = address.rpartition(":")
            connections = [socket.create_connection((host, int(port))) for _ in payloads]
            for connection, payload in zip(connections, payloads, strict=True):
                connection.sendall(payload)
            for connection, payload in zip(connections, payloads, strict=True):
                with connection, connection.makefile("rb") as received:
                    assert received.read(len(payload)) == payload


def test_verdicts_say_by_how_much_a_target_was_missed() -> None:
    assert Target("wall", 1.4, 1.4, "x").verdict == "met"
    assert Target("wall", 2.0, 1.5, "x").verdict == "missed by 25%"
    assert Target("memory", 60.0, 66.0, " MB", at_most=True).verdict == "missed by 10%"
