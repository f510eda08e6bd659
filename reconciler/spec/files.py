"""PATHs -> texts: which files are read, and what stops one from being read."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.place import Span
from reconciler.spec.problem import error, shown

MAX_BYTES = 4 * 1024**2
"""Of one file: about thirty thousand instances, and read in a second."""

_SUFFIXES = (".yaml", ".yml")
# The characters that YAML 1.2 allows in a stream (https://yaml.org/spec/1.2.2/#51-character-set).
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class SourceText:
    """`name` is the path as the user gave it, or below the folder that the user gave."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Texts:
    """What could be read; `complete` is false when something could not."""

    sources: tuple[SourceText, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def complete(self) -> bool:
        return not self.diagnostics


def read_paths(paths: Sequence[Path | str]) -> Texts:
    """Files as they are, folders with every `*.yaml` and `*.yml` below, in letters of either case; what is hidden in a
    folder is left out."""
    sources: list[SourceText] = []
    diagnostics: list[Diagnostic] = []
    seen: set[str] = set()
    for path in paths or (Path(),):
        root = Path(path)
        before = len(diagnostics)
        names = list(_below(root, diagnostics)) if root.is_dir() else [root]
        if not names and len(diagnostics) == before:
            diagnostics.append(
                error("R-SPEC-1", f"no `*.yaml` or `*.yml` file in folder: {root}", None, "name another path")
            )
        for name in names:
            real = os.path.realpath(name)  # Path.resolve raises for a link that leads to itself
            if real in seen:
                continue
            seen.add(real)
            outcome = read_file(name)
            if isinstance(outcome, Diagnostic):
                diagnostics.append(outcome)
            else:
                sources.append(outcome)
    return Texts(tuple(sources), tuple(diagnostics))


def _below(root: Path, diagnostics: list[Diagnostic]) -> Iterator[Path]:
    def unreadable(failure: OSError) -> None:
        diagnostics.append(_unreadable(Path(failure.filename or root), failure))

    for folder, folders, files in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(folder) / name


def read_file(path: Path) -> SourceText | Diagnostic:
    """One file as it is; what stops it from being read is a diagnostic."""
    name = str(path)
    if not path.exists():
        if path.is_symlink():
            return error(
                "R-SPEC-1", f"path is a link that leads to no file: {name}", None, "correct or remove the link"
            )
        return error("R-SPEC-1", f"path does not exist: {name}", None, "name a file or folder that exists")
    if not path.is_file():
        return error("R-SPEC-1", f"path is neither a file nor a folder: {name}", None, "name a file or a folder")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as failure:
        return _unreadable(path, failure)
    if len(content) > MAX_BYTES:
        return error("R-SPEC-5", f"file is larger than 4 MiB: {name}", Span(name, 1, 1), "split it into several files")
    return decode(content, name)


def decode(content: bytes, name: str) -> SourceText | Diagnostic:
    """UTF-8, with or without a byte order mark; anything else is an R-SPEC-2 at the first bad character."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as failure:
        before = content[: failure.start].decode()
        return error("R-SPEC-2", "the file is not UTF-8", _end_of(before, name), "save the file as UTF-8")
    bad = _UNPRINTABLE.search(text)
    if bad:
        span = _end_of(text[: bad.start()], name)
        return error("R-SPEC-2", f"the file holds the control character U+{ord(bad[0]):04X}", span, "remove it")
    return SourceText(name, text)


def lines_of(text: str) -> list[str]:
    """Lines as the YAML parser counts them."""
    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def line_of(text: str, number: int) -> str | None:
    """A line, from 1, without its end."""
    lines = _kept_lines(text)
    return lines[number - 1] if 0 < number <= len(lines) else None


@lru_cache(maxsize=4)
def _kept_lines(text: str) -> list[str]:
    # A big file with a mistake on every line is asked for each of them, one after the other.
    return lines_of(text)


def _end_of(text: str, name: str) -> Span:
    lines = lines_of(text)
    return Span(name, len(lines), len(lines[-1]) + 1)


def _unreadable(path: Path, failure: OSError) -> Diagnostic:
    reason = shown(failure.strerror or type(failure).__name__)
    return error("R-SPEC-1", f"path cannot be read: {path}: {reason}", None, "check the file's permissions")
