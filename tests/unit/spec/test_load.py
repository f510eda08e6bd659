"""Whole specs through the front door: files, places, order, digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.diagnostic import Severity
from reconciler.spec.load import load

MISTAKES = Path(__file__).parent / "mistakes"

HUB = "version: 1\ninstances: {hub: {region: cn-hangzhou}}\n"
WEB = "version: 1\ninstances: {web: {region: cn-beijing}}\n"


def test_every_mistake_of_a_folder_is_found_in_one_run_at_its_place() -> None:
    loaded = load([MISTAKES], environment={})
    places = [
        (d.span and f"{Path(d.span.file).name}:{d.span.line}:{d.span.column}", d.rule) for d in loaded.diagnostics
    ]
    assert places == [
        ("1-instances.yaml:3:25", "R-SPEC-15"),
        ("1-instances.yaml:6:5", "R-SPEC-10"),
        ("1-instances.yaml:7:14", "R-SPEC-14"),
        ("1-instances.yaml:12:27", "R-SPEC-12"),
        ("1-instances.yaml:13:7", "R-NAME-2"),
        ("2-imports.yaml:4:13", "R-SPEC-16"),
        ("2-imports.yaml:7:15", "R-IMP-2"),
        ("2-imports.yaml:8:13", "R-IMP-1"),
        ("3-replications.yaml:5:24", "R-SPEC-17"),
        ("3-replications.yaml:8:11", "R-SPEC-13"),
        ("3-replications.yaml:10:5", "R-SPEC-4"),
        ("3-replications.yaml:12:13", "R-SPEC-7"),
    ]
    assert {d.severity for d in loaded.diagnostics} == {Severity.ERROR}
    assert [d.hint for d in loaded.diagnostics if d.rule in ("R-SPEC-10", "R-SPEC-14", "R-SPEC-16")] == [
        "did you mean `region`?",
        "did you mean `advanced`?",
        "did you mean `hub`?",
    ]


def test_folders_are_read_recursively_and_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.yml", "a/z.yaml", "a/notes.txt", ".git/config.yaml", ".hidden.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("version: 1\n")
    assert load([tmp_path], environment={}).files == (str(tmp_path / "b.yml"), str(tmp_path / "a/z.yaml"))


def test_names_stay_as_the_user_gave_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/hub.yaml").write_text(HUB)
    monkeypatch.chdir(tmp_path)
    assert load([], environment={}).files == ("conf/hub.yaml",)
    assert load(["conf"], environment={}).files == ("conf/hub.yaml",)
    assert load(["conf/hub.yaml", tmp_path / "conf"], environment={}).files == ("conf/hub.yaml",)


def test_what_cannot_be_read_is_a_diagnostic_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\n# caf\xe9\n")
    (tmp_path / "bell.yaml").write_bytes(b"version: 1\n# \xc3\xa9 \x07\n")
    names = ("missing.yaml", "empty", "hub.yaml", "latin.yaml", "bell.yaml")
    loaded = load([tmp_path / name for name in names], environment={})
    assert [(d.rule, d.span and (d.span.line, d.span.column)) for d in loaded.diagnostics] == [
        ("R-SPEC-1", None),
        ("R-SPEC-1", None),
        ("R-SPEC-2", (2, 5)),
        ("R-SPEC-2", (2, 6)),
    ]
    assert [i.key for i in loaded.desired.instances] == ["hub"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"#" * (4 * 1024**2 + 1))
    assert [d.rule for d in load([tmp_path], environment={}).diagnostics] == ["R-SPEC-5"]


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfversion: 1\nnope: 1\n")
    assert [(d.span.line, d.span.column) for d in load([tmp_path], environment={}).diagnostics if d.span] == [(2, 1)]


def test_digest_is_of_the_data_and_not_of_its_spelling(tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        (tmp_path / folder).mkdir()
    (tmp_path / "one/a.yaml").write_text(HUB)
    (tmp_path / "one/b.yaml").write_text(WEB)
    (tmp_path / "two/x.yaml").write_text(
        "instances:\n  web: {\"region\": cn-beijing}  # north\n  hub: {region: '${ENV:HOME_REGION}'}\nversion: 1\n"
    )
    (tmp_path / "three/x.yaml").write_text(HUB)
    one, two, three = (
        load([tmp_path / folder], environment={"HOME_REGION": "cn-hangzhou"}) for folder in ("one", "two", "three")
    )
    assert one.digest == two.digest != three.digest
    assert one.desired == two.desired
    assert not one.diagnostics


def test_the_line_of_a_diagnostic_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\r\n  \r\nnope: 1\r\n")
    loaded = load([tmp_path], environment={})
    span = loaded.diagnostics[0].span
    assert span is not None
    assert loaded.source_line(span) == "nope: 1"
    assert loaded.source_line(type(span)("other.yaml", 1, 1)) is None
    assert loaded.source_line(type(span)(span.file, 99, 1)) is None
