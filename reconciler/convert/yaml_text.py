"""Imports as YAML that a person goes on with: what could not be said stands in comments above them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import yaml

from reconciler.convert.copies import ALL_TAGS
from reconciler.convert.imports import Import
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_value import Json

_WIDTH = 118


def written(tool: str, file: str, imports: Sequence[Import], found: Sequence[Diagnostic]) -> str:
    lines = [f"# From the configuration of {tool}: {file}", *_comments(found), "version: 1"]
    regions = {known.target: known.region for known in imports}
    declared: dict[str, Json] = {key: {"region": region} for key, region in sorted(regions.items()) if region}
    if missing := sorted(key for key, region in regions.items() if region is None):
        lines.append(f"# Declared elsewhere: {', '.join(f'instances.{key}' for key in missing)}")
    if declared:
        lines += ["", *_dumped({"instances": declared})]
    lines += ["", "imports:"]
    for number, known in enumerate(imports):
        lines += ([""] if number else []) + [f"  {line}" for line in _dumped({known.key: _body(known)})]
    return "\n".join(lines) + "\n"


def _comments(found: Sequence[Diagnostic]) -> Iterator[str]:
    notes = [finding for finding in found if finding.severity is not Severity.INFO]
    if notes:
        yield "#"
    for note in notes:
        place = f"line {note.span.line}: " if note.span is not None else ""
        text = f"- {place}{note.summary}; {note.hint}"
        yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
    yield ""


def _body(known: Import) -> Mapping[str, Json]:
    images: dict[str, Json] = {} if known.tags == ALL_TAGS else {"tags": known.tags}
    if known.platforms:
        images["platforms"] = list(known.platforms)
    body: dict[str, Json] = {
        "target": known.target,
        "source": {"type": "registry", "url": known.url, "repositories": list(known.repositories)},
    }
    if images:
        body["images"] = images
    if known.rename:
        body["rename"] = dict(known.rename)
    if known.default_namespace:
        body["default_namespace"] = known.default_namespace
    return body


def _dumped(value: Mapping[str, Json]) -> list[str]:
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=_WIDTH).splitlines()
