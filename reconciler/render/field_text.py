"""Field values and their changes in words."""

from __future__ import annotations

import re

from reconciler.model.json_value import Json, canonical
from reconciler.model.plan import Action, FieldChange

_BARE = re.compile(r"[^\s\"\[{(](?:(?!->)[^\"\n])*(?<!\s)")
_LOOKS_OTHER = re.compile(r"(?:true|false|null|none|[-+.\d]+)", re.IGNORECASE)


def value_text(value: Json) -> str:
    """Strings without quotes when nobody could take them for something else, the rest as JSON."""
    if value is None:
        return "(none)"
    if isinstance(value, str) and _BARE.fullmatch(value) and not _LOOKS_OTHER.fullmatch(value):
        return value
    return canonical(value)


def field_text(field: FieldChange, action: Action) -> str:
    """`visibility: private -> public`; only the new value where nothing was, only the old one where nothing will be."""
    if action is Action.CREATE:
        return f"{field.path}: {value_text(field.after)}"
    if action is Action.DELETE:
        return f"{field.path}: {value_text(field.before)}"
    return f"{field.path}: {value_text(field.before)} -> {value_text(field.after)}"
