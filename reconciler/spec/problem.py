"""Making diagnostics in one voice."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.place import Span


def error(
    rule: str, summary: str, span: Span | None, hint: str, *, address: str = "", related: tuple[Related, ...] = ()
) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, summary, hint=hint, span=span, address=address, related=related)


def warning(rule: str, summary: str, span: Span | None, hint: str, *, address: str = "") -> Diagnostic:
    return Diagnostic(rule, Severity.WARNING, summary, hint=hint, span=span, address=address)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant."""
    by_folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    matches = get_close_matches(word.casefold(), sorted(by_folded), n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def choice(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A hint: the word that was meant, or all that are possible, or `otherwise` when there are none."""
    names = sorted(set(known))
    meant = closest(word, names)
    if meant is not None:
        return f"did you mean `{meant}`?"
    if not names:
        return otherwise
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"use one of: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def shown(text: str, limit: int = 80) -> str:
    """A user's text as one short line for a message, without characters that a terminal would obey."""
    line = "".join(c if c.isprintable() else "�" for c in text)
    return line if len(line) <= limit else line[: limit - 1] + "…"
