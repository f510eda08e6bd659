"""Names that point at something else in the spec, and texts that must mean something: keys, regions, regexes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.place import Span
from reconciler.spec.fields import Fields
from reconciler.spec.node import MapNode
from reconciler.spec.problem import choice, closest, error, shown, warning
from reconciler.spec.regions import KNOWN

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Build:
    """What the builders share. `complete` is false when part of the text is unknown: then no name is called unknown."""

    fields: Fields
    complete: bool
    seed: bool
    found: list[Diagnostic] = field(default_factory=list)

    def declared(self, section: str) -> Collection[str]:
        entry = self.fields.node.entries.get(section)
        return entry.node.entries.keys() if entry and isinstance(entry.node, MapNode) else ()

    def instance(self, key: str, span: Span, address: str) -> None:
        """Reports a key that is no instance's."""
        self._reference("instances", "an instance", key, span, address)

    def vpc(self, key: str, span: Span, address: str) -> None:
        """Reports a key that is no VPC's."""
        self._reference("vpcs", "a VPC", key, span, address)

    def account(self, key: str, span: Span, address: str) -> None:
        """Reports a key that is no account's."""
        self._reference("accounts", "an account", key, span, address)

    def region(self, region: str, span: Span, address: str) -> None:
        """Warns of a well-formed region id that nobody has heard of; the schema refuses the others."""
        if region in KNOWN or not _REGION.fullmatch(region):
            return
        meant = closest(region, KNOWN)
        hint = f"did you mean `{meant}`?" if meant else "check the id of the region"
        self.found.append(warning("R-NAME-5", f"`{shown(region)}` is not a known region", span, hint, address=address))

    def regex(self, rule: str, pattern: str, span: Span, address: str) -> None:
        """Reports a regex that RE2 does not take, in RE2's own words."""
        complaint = _complaint(pattern)
        if complaint is not None:
            summary = f"regex `{shown(pattern)}` is not valid RE2: {complaint}"
            self.found.append(
                error(rule, summary, span, "see https://github.com/google/re2/wiki/Syntax", address=address)
            )

    def _reference(self, section: str, what: str, key: str, span: Span, address: str) -> None:
        declared = self.declared(section)
        if key in declared or not self.complete:
            return
        hint = choice(key, declared, otherwise=f"declare it under `{section}`")
        self.found.append(error("R-SPEC-16", f"`{shown(key)}` is not the key of {what}", span, hint, address=address))


@cache
def _complaint(pattern: str) -> str | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as failure:
        said = failure.args[0] if failure.args else ""
        return shown(said.decode(errors="replace") if isinstance(said, bytes) else str(said))
    return None
