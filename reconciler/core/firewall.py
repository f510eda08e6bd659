"""What a security group lets in, worked out from its rules as the service applies them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from reconciler.model.network import Ingress, SecurityGroup


def lets_in(group: SecurityGroup, source: str, port: int) -> bool:
    """Whether every address of the block `source` reaches the TCP `port`.

    Rules count by priority, the smallest number first, and of equal ones those that drop come first; what no rule is
    about is dropped.
    """
    block = IPv4Network(source)
    applying = [(rule, IPv4Network(rule.source, strict=False)) for rule in group.ingress if _applies(rule, port)]
    drops = [rule.priority for rule, where in applying if not rule.accepts and where.overlaps(block)]
    strongest = min(drops, default=None)
    accepted = [where for rule, where in applying if rule.accepts and (strongest is None or rule.priority < strongest)]
    return any(block.subnet_of(where) for where in collapse_addresses(accepted))


def kept_out(group: SecurityGroup, sources: Iterable[str], port: int) -> tuple[str, ...]:
    """The blocks of `sources` that are not let in as a whole."""
    return tuple(source for source in sources if not lets_in(group, source, port))


def _applies(rule: Ingress, port: int) -> bool:
    return rule.protocol in ("tcp", "all") and rule.first_port <= port <= rule.last_port
