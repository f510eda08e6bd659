"""How human output looks: colours by meaning, the width to keep to, and text that cannot drive the terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Action


class Tone(StrEnum):
    """What a colour means; the value is its SGR parameter (ECMA-48, 8.3.117)."""

    CREATE = "32"
    UPDATE = "33"
    REPLACE = "35"
    DELETE = "31"
    TRANSFER = "36"
    MANUAL = "34"
    ERROR = "1;31"
    WARNING = "1;33"
    INFO = "1;36"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Mark:
    """How an action is shown: its symbol, its colour, and how the summary counts it."""

    symbol: str
    tone: Tone
    counted: str


MARKS: dict[Action, Mark] = {
    Action.CREATE: Mark("+", Tone.CREATE, "to create"),
    Action.UPDATE: Mark("~", Tone.UPDATE, "to update"),
    Action.REPLACE: Mark("-/+", Tone.REPLACE, "to replace"),
    Action.DELETE: Mark("-", Tone.DELETE, "to delete"),
    Action.TRANSFER: Mark(">", Tone.TRANSFER, "to transfer"),
    Action.MANUAL: Mark("!", Tone.MANUAL, "to do by hand"),
}

SEVERITIES: dict[Severity, Tone] = {
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}


@dataclass(frozen=True, slots=True)
class Style:
    """`width` is in terminal cells; without `unicode` only ASCII is drawn with."""

    colour: bool = False
    width: int = 100
    unicode: bool = True

    def paint(self, text: str, tone: Tone) -> str:
        return f"\x1b[{tone}m{text}\x1b[0m" if self.colour else text

    def clip(self, text: str, width: int) -> str:
        """`text` in at most `width` cells; what is cut is marked."""
        if cells(text) <= width:
            return text
        mark = "…" if self.unicode else "..."
        kept, used = "", len(mark)
        for char in text:
            used += cells(char)
            if used > width:
                break
            kept += char
        return kept + mark if width >= len(mark) else mark[:width]


PLAIN = Style()


def visible(text: str) -> str:
    """`text` with every character that a terminal would obey, or not show, written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if _harmless(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def cells(text: str) -> int:
    """Terminal cells that printable `text` takes; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
