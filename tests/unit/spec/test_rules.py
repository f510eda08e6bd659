"""The rule table is complete, and nothing in it is unused."""

from __future__ import annotations

import re
from pathlib import Path

import reconciler.spec
from reconciler.spec.rules import RULES
from reconciler.spec.schema import schema_text

_ID = re.compile(r"R-[A-Z]+-[0-9]+")


def _emitted() -> set[str]:
    (folder,) = reconciler.spec.__path__
    sources = (path.read_text() for path in Path(folder).glob("*.py") if path.name != "rules.py")
    return {rule for text in (*sources, schema_text("spec.v1")) for rule in _ID.findall(text)}


def test_every_rule_that_is_emitted_has_its_entry_and_every_entry_is_emitted() -> None:
    assert _emitted() == {rule.id for rule in RULES}


def test_ids_are_given_once_and_texts_are_there() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.title and rule.text and rule.fix for rule in RULES)
