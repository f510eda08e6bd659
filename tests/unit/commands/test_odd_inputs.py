"""Whatever a user throws at the program ends in a message and an exit code, never in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli import run
from reconciler.live.snapshot import dump
from reconciler.model.json_value import pretty
from reconciler.model.live import Live, LiveInstance
from reconciler.model.spec import Edition

_NOBODY = 65534
HUB = "version: 1\ninstances: {hub: {region: cn-hangzhou}}\n"
BOMB = "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (bytes(range(256)), "the file is not UTF-8"),
        ("version: 1\n".encode("utf-16"), "the file is not UTF-8"),
        (b"version: 1\x00\n", "control character U+0000"),
        (b"version: 1\n" + b"# x\n" * 1_100_000, "file is larger than 4 MiB"),
        (b"42", "the document is not a mapping"),
        (b"- a\n", "the document is not a mapping"),
        (b"instances: {}\n", "does not say which version"),
        (b"version: 2\n", "version of the format is not known: 2"),
        (b"version: 1\ninstances:\n\thub: {}\n", "a tab is used for indentation"),
        (b"version: 1\ninstances: {hub: {region: x\n", "a bracket is not closed"),
        (b"version: 1\na: " + b"[" * 5000, "nested more than 64 levels deep"),
        (BOMB.encode(), "aliases expand to more than"),
        (b"version: 1\ninstances: &x {hub: *x}\n", "alias `*x` contains itself"),
        (b"version: 1\ninstances: *nope\n", "alias `*nope` has no anchor"),
        (b"version: 1\ninstances: !!python/object/apply:os.system [id]\n", "YAML tag `!!python"),
        (b"version: 1\ninstances: []\nimports: 5\nsettings: [1]\n", "`instances` is not a mapping"),
        (b'version: 1\ninstances: {"\\e[31m": {region: cn-hangzhou}}\n', "a key is 1 to 63 letters"),
        (b"version: 1\ninstances: {1: {}, null: {}, [a]: {}, {b: 1}: {}}\n", "lacks `region`"),
        (b"version: 1\nsettings: {safety: {max_deletes: " + b"9" * 5000 + b"}}\n", "is not accepted for `max_deletes`"),
        (b"version: 1\ninstances: {hub: {region: " + b"x" * 200_000 + b"}}\n", "is not accepted for a region"),
        (b'version: 1\ninstances: {hub: {region: "${ENV:}"}}\n', "is not a reference that can be resolved"),
    ],
    ids=lambda value: value[:32] if isinstance(value, str) else "",
)
def test_odd_specs(content: bytes, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.yaml").write_bytes(content)
    assert run(["validate", "odd.yaml"]) == 1
    told = capsys.readouterr()
    assert complaint in told.out
    assert told.err == ""
    assert "\x1b" not in told.out
    assert max(map(len, told.out.splitlines())) < 200


def test_a_mistake_on_every_line_of_a_long_file(capsys: pytest.CaptureFixture[str]) -> None:
    lines = (f"  hub{number}: {{region: cn-hangzhou, namespaces: {{a: {{}}}}}}\n" for number in range(4000))
    Path("long.yaml").write_text("version: 1\ninstances:\n" + "".join(lines), encoding="utf-8")
    began = time.process_time()
    assert run(["validate", "long.yaml"]) == 1
    assert time.process_time() - began < 8, "each line was looked for from the beginning of the file"
    assert "4,000 errors" in capsys.readouterr().out


@pytest.mark.parametrize("content", [HUB.encode(), b"\xef\xbb\xbf" + HUB.replace("\n", "\r\n").encode()])
def test_odd_specs_that_are_valid(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.yaml").write_bytes(content)
    assert run(["validate", "odd.yaml"]) == 0
    assert capsys.readouterr().out.startswith("valid: 1 file, ")


@pytest.mark.parametrize("verb", ["validate", "plan", "apply", "drift"])
@pytest.mark.parametrize(
    "content",
    [
        "",
        "   \n\n",
        "# nothing\n",
        "null\n",
        "version: 1\n",
        "version: 1\ninstances:\n",
        "version: 1\nsettings: {prune: true}\n",
    ],
)
def test_a_spec_that_declares_nothing(content: str, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.yaml").write_text(content, encoding="utf-8")
    assert run([verb, "empty.yaml"]) == 1
    assert "error[R-SPEC-24]: nothing is declared in: empty.yaml" in capsys.readouterr().out


def test_a_file_that_declares_nothing_beside_one_that_does(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.yaml").write_text("# nothing yet\n", encoding="utf-8")
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    assert run(["validate"]) == 0
    assert capsys.readouterr().out.startswith("valid: 2 files, ")


def test_big_letters_in_the_ending_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.YAML").write_text(HUB, encoding="utf-8")
    Path("more.Yml").write_text("version: 1\nmisspelt: {}\n", encoding="utf-8")
    assert run(["validate"]) == 1
    assert "more.Yml:2:1" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["loop.yaml", "dangling.yaml"])
def test_a_link_to_nothing_is_called_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop.yaml").symlink_to("loop.yaml")
    Path("dangling.yaml").symlink_to("nowhere")
    assert run(["validate", name]) == 1
    assert f"path is a link that leads to no file: {name}" in capsys.readouterr().out


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to read everything."""
    if os.geteuid() != 0:
        yield
        return
    Path().chmod(0o755)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["registry.yaml", "folder"])
def test_what_may_not_be_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("folder").mkdir()
    assert run(["validate", "registry.yaml"]) == 0  # what a verb loads late may not be readable for nobody, either
    assert run(["validate", "folder"]) == 1
    capsys.readouterr()
    Path(name).chmod(0)
    with as_nobody():
        assert run(["validate", name]) == 1
    Path(name).chmod(0o700)
    told = capsys.readouterr()
    assert told.out.count("error[R-SPEC-1]") == 1
    assert f"path cannot be read: {name}: Permission denied" in told.out


@pytest.mark.parametrize(
    "path", ["missing.yaml", "loop.yaml", "dangling.yaml", "fifo.yaml", "empty", "x" * 300, "a\nb"]
)
def test_odd_paths(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop.yaml").symlink_to("loop.yaml")
    Path("dangling.yaml").symlink_to("nowhere")
    os.mkfifo("fifo.yaml")
    Path("empty").mkdir()
    assert run(["validate", path]) == 1
    told = capsys.readouterr()
    assert "error" in told.out + told.err


LIVE = pretty(dump(Live((LiveInstance("cri-1", "hub", "cn-hangzhou", Edition.ADVANCED, "RUNNING"),))))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is not JSON"),
        ("\x00\x01", "is not JSON"),
        ("version: 1\n", "is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"format_version": NaN}', "is not JSON"),
        ('{"format_version": "1.0", "instances": ' + "9" * 5000 + "}", "is not JSON"),
        (LIVE.replace("RUNNING", "\\ud800"), "is not JSON"),
        ("1", "the document is not an object"),
        ("[]", "the document is not an object"),
        ("{}", "lacks `format_version`"),
        ('{"format_version": "2.0"}', "format version 2.0"),
        (LIVE.replace("cri-1", ""), "`instances[0].id`"),
    ],
    ids=lambda value: value[:32].strip(),
)
@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_odd_recordings(verb: str, content: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(content, encoding="utf-8")
    assert run([verb, "--live", "live.json"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert complaint in told.err.splitlines()[0]
    assert told.err.splitlines()[1].startswith("hint: ")


@pytest.mark.parametrize(
    "words", [["show", "odd.json"], ["apply", "odd.json", "--auto-approve"]], ids=["show", "apply"]
)
@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"format_version": NaN}', LIVE, '"\\ud800"'])
def test_odd_plans(words: list[str], content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.json").write_text(content, encoding="utf-8")
    assert run(words) == 1
    assert capsys.readouterr().err.startswith("error: `odd.json`: not a saved plan: ")


def test_a_changed_plan_is_neither_shown_nor_applied(capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB.replace("}}", ", namespaces: {apps: {}}}}"), encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    assert run(["plan", "--live", "live.json", "--out", "plan.json"]) == 0
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    plan["changes"][0]["address"] = "instances.hub.namespaces.other"
    Path("plan.json").write_text(json.dumps(plan), encoding="utf-8")
    for words in (["show", "plan.json"], ["apply", "plan.json", "--auto-approve"]):
        capsys.readouterr()
        assert run(words) == 1
        assert "does not have the digest" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["plan.json", "plan.txt", "plan", "plan.JSON", "plan.yaml"])
def test_a_saved_plan_is_one_whatever_it_is_called(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    assert run(["plan", "registry.yaml", "--live", "live.json", "--out", name]) == 0
    Path("registry.yaml").write_text(HUB.replace("hub:", "hub2:"), encoding="utf-8")
    capsys.readouterr()
    assert run(["apply", name, "--auto-approve"]) == 1
    assert f"error: `{name}` is stale: the specs have changed" in capsys.readouterr().err


def test_a_saved_plan_is_applied_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    assert run(["plan", "registry.yaml", "--live", "live.json", "--out", "plan.json"]) == 0
    assert run(["apply", "plan.json", "registry.yaml"]) == 1
    assert "`plan.json` is a saved plan, which is applied alone" in capsys.readouterr().err


def test_a_spec_may_be_json_in_apply_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.json").write_text('{"version": 1, "misspelt": {}}', encoding="utf-8")
    assert run(["apply", "spec.json", "--auto-approve"]) == 1
    assert "error[R-SPEC-10]: key `misspelt` is not known here" in capsys.readouterr().out


@pytest.mark.parametrize("place", [".", "missing/plan.json", "/dev/null/plan.json"])
@pytest.mark.parametrize("option", ["--out", "--record"])
def test_places_that_cannot_be_written(option: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    assert run(["plan", "registry.yaml", "--live", "live.json", option, place]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot write `{place}`: ")
    assert sorted(entry.name for entry in Path().iterdir()) == ["live.json", "registry.yaml"]


@pytest.mark.parametrize("option", ["--out", "--record"])
def test_a_pipe_is_written_to_and_not_replaced(option: str) -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    os.mkfifo("pipe")
    reading = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(["plan", "registry.yaml", "--live", "live.json", option, "pipe"]) == 0
        assert json.loads(os.read(reading, 1 << 20))["format_version"]
    finally:
        os.close(reading)
    assert Path("pipe").is_fifo()
    assert sorted(entry.name for entry in Path().iterdir()) == ["live.json", "pipe", "registry.yaml"]


def test_a_link_goes_on_leading_to_its_file() -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    Path("live.json").write_text(LIVE, encoding="utf-8")
    Path("elsewhere").mkdir()
    Path("plan.json").symlink_to("elsewhere/plan.json")
    assert run(["plan", "registry.yaml", "--live", "live.json", "--out", "plan.json"]) == 0
    assert Path("plan.json").is_symlink()
    assert json.loads(Path("elsewhere/plan.json").read_text(encoding="utf-8"))["format_version"]


def program(
    words: Sequence[str], *, before: str = "", stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The program in a process of its own; `before` is Python that runs first."""
    code = f"import sys; {before}\nfrom reconciler.cli import main\nsys.argv = ['reconciler', *{list(words)!r}]\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


def test_text_of_any_alphabet_in_a_locale_that_has_only_one() -> None:
    Path("registry.yaml").write_text(HUB.replace("hub", "商店😀"), encoding="utf-8")
    told = program(["validate", "--format", "json"], PYTHONIOENCODING="ascii")
    assert told.stderr == b""
    assert "商店😀" in json.loads(told.stdout)["diagnostics"][0]["summary"]


def test_closed_streams() -> None:
    Path("registry.yaml").write_text(HUB, encoding="utf-8")
    told = program(["validate"], before="sys.stdout = sys.stderr = None")
    assert (told.returncode, told.stderr) == (0, b"")


def test_an_interruption_while_the_program_loads() -> None:
    # The meta path is asked for each module that is not loaded yet: the first of ours interrupts.
    code = """if True:
        import sys
        from reconciler.__main__ import main

        class Finder:
            def find_spec(self, name, *_):
                if name == "reconciler.cli":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Finder())
        main()
    """
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert (told.returncode, told.stdout, told.stderr) == (130, b"", b"error: interrupted\n")


def test_a_reader_that_has_seen_enough() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        told = program(["explain"], stdout=writing)
    finally:
        os.close(writing)
    assert (told.returncode, told.stderr) == (1, b"")
