"""The seam between planning and the outside world. Every implementation only reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.model.live import Live
from reconciler.model.scope import ManifestQuery, PresenceQuery, Scope, TagQuery, TaskQuery


class ReadFailed(Exception):
    """The live state could not be read; `hint` is the next step for the user."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class LiveSource(Protocol):
    """Answers in rounds: listings first, then tasks and content of what the listings show to be missing.

    What cannot be read while the rest can is a fact in the answer (`Unreadable`): one namespace or repository of an
    import's source, the tags of one repository of an instance, or one image. All of them raise ReadFailed for
    everything else; nothing is ever left out in silence.
    """

    def listings(self, scope: Scope) -> Live:
        """Instances, namespaces, repositories, rules and the tags that `scope` asks for. An instance that does not
        exist is simply not in the answer."""

    def tags(self, live: Live, queries: Sequence[TagQuery]) -> Live:
        """`live` with the tags of these repositories, which it has already, as they are by now."""

    def tasks(self, live: Live, queries: Sequence[TaskQuery]) -> Live:
        """`live` with `tasks` filled with those that the queries are about."""

    def contents(self, live: Live, queries: Sequence[ManifestQuery]) -> Live:
        """`live` with `contents` or `unreadable` filled for every query (children, blobs and referrers included)."""

    def presence(self, live: Live, queries: Sequence[PresenceQuery]) -> Live:
        """`live` with `present` filled for every repository that a query names."""
