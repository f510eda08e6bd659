"""The internet endpoint and its access list: on before entries, additions before removals, read back at the end."""

from __future__ import annotations

from reconciler.executor.target import Workbench, settle
from reconciler.executor.waiting import StepFailed
from reconciler.model.live import LiveInstance
from reconciler.model.plan import Change
from reconciler.model.spec import AclEntry

_BRIDGE = AclEntry("192.0.2.1/32", "holds the list while an entry changes")
"""An address of documentation (RFC 5737), which nobody calls from: it keeps the list from being empty."""


def apply_endpoint(bench: Workbench, change: Change) -> None:
    """Make the endpoint and its list what is declared.

    Entries that are sent before the endpoint runs are dropped without a word, and an empty list opens the instance to
    everybody, so the order matters.
    """
    endpoint = next(e for e in bench.desired.endpoints if e.address == change.address)
    instance = bench.instance(endpoint.instance)
    region, identity = instance.region, instance.id
    now = bench.cr.internet_endpoint(region, identity).endpoint
    if now.enabled != endpoint.enabled:
        settle(
            lambda: bench.cr.set_internet_endpoint(region, identity, enabled=endpoint.enabled),
            lambda: bench.cr.internet_endpoint(region, identity).endpoint.enabled is endpoint.enabled,
            bench.patience,
        )
    if not endpoint.enabled:
        bench.patience.until(
            lambda: not bench.cr.internet_endpoint(region, identity).endpoint.enabled, "closing the internet endpoint"
        )
        return
    bench.waiting(change, "CREATING -> RUNNING")
    bench.patience.until(
        lambda: bench.cr.internet_endpoint(region, identity).endpoint.status == "RUNNING",
        "opening the internet endpoint",
    )
    if endpoint.allow is None:
        return
    wanted = set(endpoint.allow)
    found = set(bench.cr.internet_endpoint(region, identity).endpoint.allow)
    if not wanted and found:
        raise StepFailed("an empty `allow` would open the instance to everybody; name at least one CIDR")
    _replace_entries(bench, instance, found, wanted)


def _replace_entries(bench: Workbench, instance: LiveInstance, found: set[AclEntry], wanted: set[AclEntry]) -> None:
    region, identity = instance.region, instance.id

    def add(entry: AclEntry) -> None:
        settle(lambda: bench.cr.add_acl_entry(region, identity, entry), lambda: holds({entry}), bench.patience)

    def remove(entry: AclEntry) -> None:
        settle(
            lambda: bench.cr.remove_acl_entry(region, identity, entry.cidr), lambda: not holds({entry}), bench.patience
        )

    def holds(entries: set[AclEntry]) -> bool:
        return entries <= set(bench.cr.internet_endpoint(region, identity).endpoint.allow)

    # A changed comment is a removal and an addition of the same CIDR, which the list cannot hold twice.
    renamed = {entry.cidr for entry in wanted - found} & {entry.cidr for entry in found - wanted}
    fresh = {entry for entry in wanted - found if entry.cidr not in renamed}
    bridge = {_BRIDGE} if renamed and not fresh and not wanted & found else set()
    for entry in sorted((fresh | bridge) - found):
        add(entry)
    # The list follows its calls late; an entry that cannot be read yet may not hold the door.
    bench.patience.until(lambda: holds(fresh | bridge), "new entries of the access list")
    for entry in sorted(found - wanted - bridge):
        remove(entry)
    for entry in sorted(wanted - found - fresh):
        add(entry)
    bench.patience.until(lambda: holds(wanted), "changed entries of the access list")
    for entry in sorted(bridge):
        remove(entry)
    bench.patience.until(
        lambda: set(bench.cr.internet_endpoint(region, identity).endpoint.allow) == wanted,
        "the access list of the internet endpoint",
    )
