from __future__ import annotations

import json
import stat
from pathlib import Path

from reconciler.model.image import Descriptor, RepositoryName
from reconciler.oci.manifest import digest_bytes
from reconciler.transfer.events import BlobDone, BlobMounted, BlobProgress, ManifestDone, TransferStarted, UploadStarted
from reconciler.transfer.journal import Journal

TARGET = RepositoryName("r.example.com", "apps/web")
A, B = digest_bytes(b"a"), digest_bytes(b"b")


def write(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.record(TransferStarted(1, 1, 1))
        journal.record(UploadStarted(TARGET, A, "/up/1"))
        journal.record(BlobProgress(TARGET, A, 1))
        journal.record(BlobDone(TARGET, Descriptor(A, 5_000_000), sent=True))
        journal.record(BlobMounted(TARGET, Descriptor(B, 1), RepositoryName("r.example.com", "base")))
        journal.record(ManifestDone(TARGET, Descriptor(B, 1)))


def test_what_began_is_known_to_the_next_run(tmp_path: Path) -> None:
    write(tmp_path / "journal")
    with Journal.open(tmp_path / "journal") as journal:
        assert journal.begun(TARGET, A)
        assert not journal.begun(TARGET, B)
        assert not journal.begun(RepositoryName("r.example.com", "other"), A)


def test_lines_are_json_and_progress_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["upload_started", "blob_done", "blob_mounted", "manifest_done"]
    assert lines[1] == {
        "event": "blob_done",
        "registry": "r.example.com",
        "repository": "apps/web",
        "digest": A,
        "size": 5_000_000,
        "sent": True,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_last_line_is_dropped_and_the_journal_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "upload_st')
    with Journal.open(path) as journal:
        assert journal.begun(TARGET, A)
        journal.record(UploadStarted(TARGET, B, "/up/2"))
    assert path.read_bytes().startswith(whole + b'{"event":"upload_started"')
    with Journal.open(path) as journal:
        assert journal.begun(TARGET, B)


def test_damaged_lines_tell_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'\x00\xff\n[]\n{"event": "upload_started"}\n')
    with Journal.open(path) as journal:
        assert not journal.begun(TARGET, A)


def test_without_a_file_it_remembers_this_run() -> None:
    journal = Journal()
    journal.record(UploadStarted(TARGET, A, "/up/1"))
    assert journal.begun(TARGET, A)
    journal.close()


def test_it_knows_where_a_large_upload_stands(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal") as journal:
        journal.record(UploadStarted(TARGET, A, "/up/1?state=0"))
        journal.record(UploadStarted(TARGET, A, "/up/1?state=5"))
        journal.record(UploadStarted(TARGET, B, "/up/2"))
        journal.record(BlobDone(TARGET, Descriptor(B, 10), sent=True))
        assert journal.location(TARGET, A) == "/up/1?state=5"
        assert journal.location(TARGET, B) == ""
    with Journal.open(tmp_path / "journal") as journal:
        assert journal.location(TARGET, A) == "/up/1?state=5"
        assert journal.location(TARGET, B) == ""
        journal.record(UploadStarted(TARGET, A, ""))
        assert journal.location(TARGET, A) == ""
        assert journal.begun(TARGET, A)


def test_an_address_elsewhere_may_let_anybody_in_and_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal.open(path) as journal:
        journal.record(UploadStarted(TARGET, A, "https://storage.example.com/up?signature=abc"))
        assert journal.location(TARGET, A) == ""
    assert "signature" not in path.read_text()
