"""Accounts by name: where their credentials are, and which calls would not know whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.place import Span
from reconciler.model.spec import CloudAccount, Desired
from reconciler.spec.problem import error, shown
from reconciler.spec.references import Build


def accounts(build: Build) -> tuple[CloudAccount, ...]:
    found = [
        CloudAccount(key, f.text("environment"), f.text("profile"), f.text("assume_role"), f.places())
        for key, f in build.fields.entries("accounts")
    ]
    return tuple(sorted(found, key=lambda account: account.key))


def check(desired: Desired) -> Iterator[Diagnostic]:
    """What names no instance (networks, roles, orders) goes to the account of the region, so there has to be one."""
    shared = shared_regions(desired)
    instances = {instance.key: instance for instance in desired.instances}
    for binding in desired.vpcs:
        instance = instances.get(binding.instance)
        if instance is not None and instance.region in shared:
            yield _ambiguous(
                instance.region, f"`{shown(str(binding.address))}`", binding.places.span, str(binding.address)
            )
    for instance in desired.instances:
        if instance.purchase is not None and instance.region in shared:
            yield _ambiguous(instance.region, "a purchase", instance.places.at("purchase"), str(instance.address))


def shared_regions(desired: Desired) -> frozenset[str]:
    """Regions with instances of several accounts."""
    owners: dict[str, set[str]] = {}
    for instance in desired.instances:
        owners.setdefault(instance.region, set()).add(instance.account)
    return frozenset(region for region, found in owners.items() if len(found) > 1)


def _ambiguous(region: str, what: str, span: Span, address: str) -> Diagnostic:
    summary = f"{what} cannot be told to one account: {shown(region)} has instances of several"
    return error(
        "R-SPEC-23", summary, span, "declare the instances of the other account in files of their own", address=address
    )
