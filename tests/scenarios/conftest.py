from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.scenarios.scenario import lay_out


class NetworkUsed(BaseException):
    """Nothing may take this for a network that is down."""


class OneFileEach(SingleFileSnapshotExtension):
    """The expected output of each scenario is a text file of its own."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def expected(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(OneFileEach)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scenario's files, in the current folder of a machine without settings of its own and without a network."""
    for name in ("CI", "NO_COLOR", "TERM", "RECONCILER_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(socket, "socket", _no_network)
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    folder = lay_out(str(request.getfixturevalue("name")), tmp_path)
    monkeypatch.chdir(folder)
    return folder


def _no_network(*_: object, **__: object) -> NoReturn:
    raise NetworkUsed
