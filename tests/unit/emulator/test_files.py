from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.emulator.files import DiskFiles, Files, MemoryFiles


@pytest.fixture(params=["disk", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return DiskFiles(tmp_path / "root") if request.param == "disk" else MemoryFiles()


def test_what_is_not_there(files: Files) -> None:
    with pytest.raises(FileNotFoundError):
        files.read("a/b")
    with pytest.raises(FileNotFoundError):
        files.open("a/b")
    assert files.size("a/b") is None
    assert files.names("a") == []
    files.remove("a/b")


def test_write_read_and_list(files: Files) -> None:
    files.write("a/c", b"old")
    files.write("a/c", b"new")
    files.write("a/b/x", b"")
    assert files.read("a/c") == b"new"
    assert (files.size("a/c"), files.size("a/b/x"), files.size("a/b")) == (3, 0, None)
    assert files.names("a") == ["b", "c"]


def test_append_then_move(files: Files) -> None:
    for part in (b"one", b"two"):
        with files.append("up/data") as sink:
            sink.write(part)
    files.move("up/data", "blobs/data")
    assert files.size("up/data") is None
    with files.open("blobs/data") as data:
        data.seek(3)
        assert data.read() == b"two"


def test_remove_takes_the_whole_folder(files: Files) -> None:
    files.write("a/b/x", b"1")
    files.write("a/c", b"2")
    files.remove("a/b")
    assert files.names("a") == ["c"]
