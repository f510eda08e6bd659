"""The walk over a dependency graph without doing anything: what may run next, and what a failure blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class Schedule(Generic[Node]):
    """Nodes become ready when everything they depend on is done, in the order in which they were given.

    A failed node blocks what depends on it, directly or not, and nothing else. Dependencies outside of `nodes` count as
    done. Raises ValueError when the nodes depend on each other in a circle.
    """

    def __init__(self, nodes: Iterable[Node], dependencies: Mapping[Node, Iterable[Node]]) -> None:
        self._order = list(dict.fromkeys(nodes))
        known = set(self._order)
        self._waiting_for = {node: {d for d in dependencies.get(node, ()) if d in known} for node in self._order}
        self._dependents: dict[Node, list[Node]] = {node: [] for node in self._order}
        for node in self._order:
            for dependency in self._waiting_for[node]:
                self._dependents[dependency].append(node)
        self._ready = deque(node for node in self._order if not self._waiting_for[node])
        self._running: set[Node] = set()
        self._settled: set[Node] = set()
        self._require_acyclic()

    def _require_acyclic(self) -> None:
        waiting = {node: len(needs) for node, needs in self._waiting_for.items()}
        free = [node for node, count in waiting.items() if count == 0]
        reached = 0
        while free:
            node = free.pop()
            reached += 1
            for dependent in self._dependents[node]:
                waiting[dependent] -= 1
                if waiting[dependent] == 0:
                    free.append(dependent)
        if reached != len(self._order):
            raise ValueError("the nodes depend on each other in a circle")

    @property
    def finished(self) -> bool:
        return len(self._settled) == len(self._order)

    @property
    def running(self) -> int:
        return len(self._running)

    def take(self) -> Node | None:
        """The next node that may start, now counted as running; None when all that is left waits for others."""
        if not self._ready:
            return None
        node = self._ready.popleft()
        self._running.add(node)
        return node

    def succeed(self, node: Node) -> None:
        self._settle(node)
        for dependent in self._dependents[node]:
            needs = self._waiting_for[dependent]
            needs.discard(node)
            if not needs and dependent not in self._settled:
                self._ready.append(dependent)

    def fail(self, node: Node) -> tuple[Node, ...]:
        """Everything that will now never start, in order."""
        self._settle(node)
        blocked: set[Node] = set()
        pending = list(self._dependents[node])
        while pending:
            dependent = pending.pop()
            if dependent not in blocked and dependent not in self._settled:
                blocked.add(dependent)
                pending.extend(self._dependents[dependent])
        self._settled |= blocked
        return tuple(n for n in self._order if n in blocked)

    def _settle(self, node: Node) -> None:
        self._running.remove(node)
        self._settled.add(node)
