"""Markdown for comments on pull requests: text that cannot become markup, and a page that keeps to a size."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.render.style import visible

LIMIT = 60_000
"""Characters. GitHub refuses comments above 65,536; the rest is for what a workflow puts around."""

LONGEST_CELL = 300
"""Characters of one value that are shown: one value must not crowd out the others."""

_ACTIVE = re.compile(r"[\\`*_\[\]#|~@$]|:(?=\S)|(?<=www)\.", re.IGNORECASE)
"""What starts markup in GitHub's dialect inside a line: links of bare addresses and emoji names included."""
_CODE = re.compile(r"`([^`\n]+)`")
_REFERENCE = re.compile(r"&#(?:64|35);(?=\w)")


def code(text: str) -> str:
    """`text` as inline code that no character of it can leave, also inside a table."""
    return f"<code>{_inert(_short(text))}</code>"


def prose(text: str) -> str:
    """`text` on one line, its `quoted` parts as code; mentions and issue numbers in it stay plain."""
    parts = _CODE.split(_short(" ".join(text.split())))
    return "".join(f"<code>{_inert(part)}</code>" if i % 2 else _unlinked(part) for i, part in enumerate(parts))


def row(cells: Sequence[str]) -> str:
    """A table's row; every cell went through `code` or `prose` before."""
    return "| " + " | ".join(cells) + " |"


@dataclass(frozen=True, slots=True)
class Section:
    """A table, folded away unless `opened`; `title` is markup already."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    counted: str
    """What a row is, in the plural, for the note about what was cut."""
    opened: bool = False


@dataclass(slots=True)
class Page:
    """Text that stops growing at its limit and knows what it left out."""

    heading: str
    sections: list[Section] = field(default_factory=list)

    def text(self, elsewhere: str, limit: int = LIMIT) -> str:
        """Under `limit` characters: the heading, as many rows as fit, and what was cut; `elsewhere` has it all."""
        room = limit - len(self.heading) - 500
        parts = [self.heading]
        cut: dict[str, int] = {}
        for section in self.sections:
            opened = " open" if section.opened else ""
            start = f"\n<details{opened}><summary>{section.title}</summary>\n\n"
            start += row(section.heads) + "\n" + row(["---"] * len(section.heads)) + "\n"
            end = "\n</details>\n"
            kept: list[str] = []
            left = room - len(start) - len(end)
            for cells in section.rows:
                line = row(cells) + "\n"
                if len(line) > left:
                    break
                kept.append(line)
                left -= len(line)
            missing = len(section.rows) - len(kept)
            if missing:
                cut[section.counted] = cut.get(section.counted, 0) + missing
            if kept:
                parts += [start, *kept, end]
                room = left
        if cut:
            what = ", ".join(f"{name} ({number:,})" for name, number in cut.items())
            parts.append(f"\nLeft out for length: {what}. {elsewhere}\n")
        return "".join(parts)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _inert(text: str) -> str:
    escaped = html.escape(visible(text), quote=False)
    return _ACTIVE.sub(lambda match: f"&#{ord(match.group())};", escaped)


def _unlinked(text: str) -> str:
    return _REFERENCE.sub(r"\g<0>&#8203;", _inert(text))
