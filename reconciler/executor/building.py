"""Control steps on what repositories are built from."""

from __future__ import annotations

from reconciler.executor.target import Workbench, settle
from reconciler.executor.waiting import StepFailed
from reconciler.model import address
from reconciler.model.build import BuildRule, SourceCode
from reconciler.model.live import LiveInstance
from reconciler.model.plan import Change
from reconciler.model.spec import Repository


def bind_source_code(bench: Workbench, change: Change) -> None:
    repository, instance, identity = _place(bench, change)
    code = _code(repository)
    cr, where = bench.cr, (instance.region, instance.id, identity)
    settle(lambda: cr.create_source_code(*where, code), lambda: cr.get_source_code(*where) == code, bench.patience)


def rebind_source_code(bench: Workbench, change: Change) -> None:
    repository, instance, identity = _place(bench, change)
    bench.cr.update_source_code(instance.region, instance.id, identity, _code(repository))


def create_build_rule(bench: Workbench, change: Change) -> None:
    repository, instance, identity = _place(bench, change)
    rule = _rule(repository, change)
    cr, where = bench.cr, (instance.region, instance.id, identity)

    def create() -> None:
        cr.create_build_rule(*where, rule)

    settle(create, lambda: any(live.rule.name == rule.name for live in cr.list_build_rules(*where)), bench.patience)


def update_build_rule(bench: Workbench, change: Change) -> None:
    repository, instance, identity = _place(bench, change)
    bench.cr.update_build_rule(instance.region, instance.id, identity, change.live_id, _rule(repository, change))


def delete_build_rule(bench: Workbench, change: Change) -> None:
    key, name, _ = change.address.parts
    instance = bench.instance(key)
    identity = _identity(bench, instance, name)
    cr, where = bench.cr, (instance.region, instance.id, identity)

    def gone() -> bool:
        return all(live.id != change.live_id for live in cr.list_build_rules(*where))

    # The answer for a rule that is gone already is not documented, so the listing decides.
    if not gone():
        settle(lambda: cr.delete_build_rule(*where, change.live_id), gone, bench.patience)


def _place(bench: Workbench, change: Change) -> tuple[Repository, LiveInstance, str]:
    """The declared repository, its instance, and the service's id of it."""
    key, name = change.address.parts[:2]
    where = address.repository(key, name)
    repository = next(r for r in bench.desired.repositories if r.address == where)
    instance = bench.instance(key)
    return repository, instance, _identity(bench, instance, name)


def _identity(bench: Workbench, instance: LiveInstance, name: str) -> str:
    """Asked of the service when the repository is as new as this run."""
    there = instance.repository(name)
    if there is not None:
        return there.id
    made = bench.cr.get_repository(instance.region, instance.id, name)
    if made is None:
        raise StepFailed(f"repository `{name}` is gone; plan again", retryable=True)
    return made.id


def _code(repository: Repository) -> SourceCode:
    if repository.source_code is None:
        raise StepFailed(f"no source code is declared for `{repository.name}`; plan again", retryable=True)
    return repository.source_code


def _rule(repository: Repository, change: Change) -> BuildRule:
    name = change.address.parts[2]
    return next(rule for rule in repository.build_rules or () if rule.name == name)
