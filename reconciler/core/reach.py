"""Over which network a Personal Edition source is read, and why: the plan says both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveOrigin
from reconciler.model.rulebook import Rule
from reconciler.model.source import PersonalSource, SourceNetwork
from reconciler.model.spec import Desired, ImportRule

RULES = (
    Rule(
        "R-IMP-24",
        "the network that a source is read over",
        "Personal Edition answers to one host over the internet, to one inside of VPCs of its region, and the older "
        "ones to one in the classic network. With `network: auto` the VPC's is taken when `--network vpc` (or "
        "RECONCILER_NETWORK) says that this process runs inside of a VPC and the target, whose VPC the import names, "
        "is in the source's region; else the internet's.",
        "Set `source.network` to `vpc`, `internet` or `internal` where this process reaches another one.",
        "service documentation, domain names of Personal Edition",
    ),
    Rule(
        "R-IMP-25",
        "a source does not give images over the internet",
        "Personal Edition registries that were opened since September 2024 have a host of their own (`crpi-...`), "
        "which gives images only inside of VPCs of its region.",
        "Run inside of such a VPC with `--network vpc`, or set `source.network: vpc`.",
        "service documentation, limits of independent domain names of Personal Edition",
    ),
)

_OWN_HOST = re.compile(r"crpi-[a-z0-9]+\.[a-z0-9-]+\.personal\.cr\.aliyuncs\.com")
"""A host of a registry's own, over the internet; `-vpc` after the id is the one inside of VPCs."""
_PRIVATE = re.compile(r"-(?:vpc|internal)(?=\..*\.aliyuncs\.com$)")
_WORDS = {
    SourceNetwork.VPC: "a VPC",
    SourceNetwork.INTERNET: "the internet",
    SourceNetwork.INTERNAL: "the classic network",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """`host` is where images are read, over `network`; `because` says who decided, and is empty when nobody did.

    Sources other than Personal Edition have one name, and no `network`.
    """

    host: str
    network: SourceNetwork | None = None
    because: str = ""


def reach(rule: ImportRule, origin: LiveOrigin, desired: Desired) -> Reach:
    """How the import reaches its source, from what the spec says and from where this process runs."""
    source = rule.source
    if not isinstance(source, PersonalSource):
        return Reach(origin.registry)
    if source.network is not SourceNetwork.AUTO:
        named = origin.hosts.get(source.network) or shared_host(source.region, source.network)
        return Reach(named, source.network, "as `source.network` says")
    inside = origin.inside_vpc
    target = desired.instance(rule.target)
    if inside and target is not None and target.region == source.region:
        return Reach(origin.registry, SourceNetwork.VPC, "as this process runs inside of one in the source's region")
    if not inside:
        return Reach(origin.registry, SourceNetwork.INTERNET)
    host = origin.hosts.get(SourceNetwork.INTERNET) or shared_host(source.region, SourceNetwork.INTERNET)
    return Reach(host, SourceNetwork.INTERNET, "as the VPC that this process runs in is in another region")


def shared_host(region: str, network: SourceNetwork) -> str:
    """The host of every Personal Edition that was opened before September 2024, when they began to get their own."""
    ending = {SourceNetwork.VPC: "-vpc", SourceNetwork.INTERNAL: "-internal"}.get(network, "")
    return f"registry{ending}.{region}.aliyuncs.com"


def same_registry(one: str, other: str) -> bool:
    """Whether two hosts are one registry, as far as their names tell: over the internet and inside of a VPC."""
    return _PRIVATE.sub("", one) == _PRIVATE.sub("", other)


def check(rule: ImportRule, chosen: Reach) -> Iterator[Diagnostic]:
    """What the plan says of the network of an import that moves images; the internet is what anybody expects."""
    place = rule.places.at("source")
    if chosen.network is not None and chosen.because:
        yield Diagnostic(
            "R-IMP-24",
            Severity.INFO,
            f"images are read from `{chosen.host}` over {_WORDS[chosen.network]}, {chosen.because}",
            hint="`source.network` and `--network` decide otherwise",
            span=place,
            address=str(rule.address),
        )
    if chosen.network is SourceNetwork.INTERNET and _OWN_HOST.fullmatch(chosen.host):
        yield Diagnostic(
            "R-IMP-25",
            Severity.WARNING,
            f"`{chosen.host}` gives images only inside of VPCs of its region",
            hint="run there with `--network vpc`, or set `source.network: vpc`",
            span=place,
            address=str(rule.address),
        )
