"""Rules as data: every diagnostic's rule id has one entry, from which `explain` and docs/rules.md are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` is one line; `text`: what is checked and why; `fix`: what to do; `source`: where the rule is from."""

    id: str
    title: str
    text: str
    fix: str
    source: str = ""
