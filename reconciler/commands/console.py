"""The terminal: results on stdout, chatter on stderr, colour only where a person looks at it."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from reconciler.render.style import Style


class _Canvas:
    """What is painted over at the end of stderr: so many lines, none when nothing is. The lock may be taken twice, as a
    signal's handler writes notes, too."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.height = 0


@dataclass(frozen=True, slots=True)
class Console:
    """`style` is for stdout, `note_style` for stderr; `interactive` is whether a person can be asked. Notes and frames
    may come from any thread."""

    style: Style
    note_style: Style
    interactive: bool
    _canvas: _Canvas = field(default_factory=_Canvas, repr=False, compare=False)

    def out(self, text: str) -> None:
        """A result, ended by one newline."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Chatter: progress, warnings, the next step. It stands above what is painted over."""
        with self._canvas.lock:
            self.frame("")
            sys.stderr.write(text if text.endswith("\n") else text + "\n")
            sys.stderr.flush()

    def ask(self, text: str) -> None:
        """A question, without a newline."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def frame(self, text: str) -> None:
        """Paint `text` over the frame before; an empty one leaves nothing. Its lines end with a newline, fit into the
        terminal, and are fewer than the terminal has."""
        with self._canvas.lock:
            above, self._canvas.height = self._canvas.height, text.count("\n")
            if above or text:
                sys.stderr.write((f"\x1b[{above}F\x1b[J" if above else "") + text)
                sys.stderr.flush()


def open_console(*, no_color: bool = False) -> Console:
    """Honours `--no-color`, NO_COLOR (any non-empty value, no-color.org), TERM=dumb and CI."""
    from reconciler.render.style import Style

    plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    width = max(shutil.get_terminal_size((100, 24)).columns, 40)
    return Console(
        Style(not plain and sys.stdout.isatty(), width, _unicode(sys.stdout)),
        Style(not plain and sys.stderr.isatty(), width, _unicode(sys.stderr)),
        sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty() and not in_ci,
    )


def prepare_streams() -> None:
    """Make stdout and stderr able to take every text: files and pipes get UTF-8 whatever the locale says, a terminal
    gets escapes for what it cannot show, and a stream that was closed swallows what is written to it."""
    sys.stdout = sys.stdout or StringIO()
    sys.stderr = sys.stderr or StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "ascii").lower().startswith("utf")
