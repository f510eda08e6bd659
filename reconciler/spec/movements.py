"""Imports and replications: what moves images."""

from __future__ import annotations

from types import MappingProxyType

from reconciler.model import address
from reconciler.model.place import Places, Span
from reconciler.model.source import Source
from reconciler.model.spec import (
    Backfill,
    ImageSelection,
    ImportRule,
    Include,
    Level,
    ReplicationRule,
    Trigger,
)
from reconciler.spec.conformance import address_of
from reconciler.spec.fields import Fields
from reconciler.spec.problem import choice, error, shown
from reconciler.spec.references import Build
from reconciler.spec.sources import read_source

_DEFAULT_INCLUDE = frozenset({Include.NAMESPACES, Include.REPOSITORIES})


def imports(build: Build) -> tuple[ImportRule, ...]:
    found = [rule for key, fields in build.fields.entries("imports") if (rule := _import(build, key, fields))]
    return tuple(sorted(found, key=lambda rule: rule.address))


def replications(build: Build) -> tuple[ReplicationRule, ...]:
    found = [rule for key, fields in build.fields.entries("replications") for rule in _replication(build, key, fields)]
    return tuple(sorted(found, key=lambda rule: rule.address))


def _import(build: Build, key: str, fields: Fields) -> ImportRule | None:
    where = str(address.import_rule(key))
    target, vpc = fields.text("target"), fields.text("vpc")
    if target is not None:
        build.instance(target, fields.span("target"), where)
    if vpc is not None:
        build.vpc(vpc, fields.span("vpc"), where)
    images = fields.inside("images")
    tags = images.text("tags")
    if tags:
        build.regex("R-IMP-1", tags, images.span("tags"), where)
    source = read_source(build, fields.inside("source"), where)
    rename = fields.mapping("rename") or {}
    if source is not None and source.filter.namespaces:
        _check_rename(build, fields.inside("rename"), source, where)
    if target is None or source is None:
        return None
    overwrite = fields.flag("overwrite")
    return ImportRule(
        key,
        target,
        source,
        vpc,
        ImageSelection(images.number("latest"), tags or ".*", tuple(t.value for t in images.texts("platforms"))),
        overwrite is None or overwrite,
        _include(fields),
        MappingProxyType(rename),
        fields.text("default_namespace") or "",
        fields.places(),
    )


def _include(fields: Fields) -> frozenset[Include]:
    if "include" not in fields:
        return _DEFAULT_INCLUDE
    named = {text.value for text in fields.texts("include")}
    return frozenset(include for include in Include if include.value in named)


def _check_rename(build: Build, rename: Fields, source: Source, where: str) -> None:
    for name, entry in rename.node.entries.items():
        if name not in source.filter.namespaces:
            summary = f"`{shown(name)}` is renamed but not imported"
            hint = choice(name, source.filter.namespaces, otherwise="add it to `source.namespaces`")
            build.found.append(error("R-SPEC-16", summary, entry.key, hint, address=where))


def _replication(build: Build, name: str, fields: Fields) -> list[ReplicationRule]:
    where = address_of(("replications", name))
    source, targets = fields.text("source"), fields.texts("targets")
    if source is not None:
        build.instance(source, fields.span("source"), where)
    for target in targets:
        build.instance(target.value, target.span, str(address.replication(name, target.value)))
    for pattern in ("tags", "namespaces", "repositories"):
        if text := fields.text(pattern):
            build.regex("R-SPEC-18", text, fields.span(pattern), where)
    level, namespace = fields.choice("level", Level), fields.text("namespace")
    _check_filters(build, fields, level, where)
    repository = _repository(build, fields, level, namespace, where)
    if level is Level.INSTANCE:
        namespace = _instance_scope(build, fields, where)
    if source is None or level is None or namespace is None or (level is Level.REPOSITORY and repository is None):
        return []
    places = fields.places()
    number = fields.number("priority")
    first_of_each: dict[str, Span] = {}
    for target in targets:
        first_of_each.setdefault(target.value, target.span)
    return [
        ReplicationRule(
            name,
            source,
            target_key,
            level,
            namespace,
            repository,
            fields.text("tags") or ".*",
            fields.choice("trigger", Trigger) or Trigger.PUSH,
            3 if number is None else number,
            fields.choice("backfill", Backfill) or Backfill.MISSING,
            fields.inside("account").text("user_id"),
            Places(places.span, MappingProxyType({**places.fields, "target": span})),
            fields.text("namespaces") or ".*",
            fields.text("repositories") or ".*",
            fields.text("link"),
        )
        for target_key, span in first_of_each.items()
    ]


def _instance_scope(build: Build, fields: Fields, where: str) -> str:
    """The namespace of a rule of a whole instance, which is none."""
    if not build.fields.inside("settings").inside("replication").flag("instance_scope"):
        summary = "`level: instance` is a part of the API that not every region has"
        hint = "set `settings.replication.instance_scope: true` to use it, or declare a rule for each namespace"
        build.found.append(error("R-REP-5", summary, fields.span("level"), hint, address=where))
    if "namespace" in fields:
        summary = "`namespace` is given, and `level: instance` replicates every namespace"
        hint = "remove `namespace`, or write `level: namespace`; `namespaces` is a regex that narrows an instance down"
        build.found.append(error("R-SPEC-19", summary, fields.span("namespace"), hint, address=where))
    return ""


def _check_filters(build: Build, fields: Fields, level: Level | None, where: str) -> None:
    """The service takes filters only where there is something to filter."""
    for name, level_of in (("namespaces", (Level.INSTANCE,)), ("repositories", (Level.INSTANCE, Level.NAMESPACE))):
        if name in fields and level is not None and level not in level_of:
            summary = f"`{name}` is given, and `level: {level}` has nothing that it could filter"
            hint = f"remove `{name}`, or write `level: {level_of[-1]}`"
            build.found.append(error("R-SPEC-19", summary, fields.span(name), hint, address=where))


def _repository(build: Build, fields: Fields, level: Level | None, namespace: str | None, where: str) -> str | None:
    repository = fields.text("repository")
    if repository is None:
        return None
    span = fields.span("repository")
    if level in (Level.NAMESPACE, Level.INSTANCE):
        summary = f"`repository` is given, and `level: {level}` replicates every repository of the {level}"
        hint = "remove `repository`, or write `level: repository`"
        build.found.append(error("R-SPEC-19", summary, span, hint, address=where))
        return None
    if namespace and repository.startswith(f"{namespace}/"):
        summary = f"`{shown(repository)}` begins with the namespace, which `namespace` says already"
        hint = f"write `{shown(repository.removeprefix(f'{namespace}/'))}`"
        build.found.append(error("R-NAME-3", summary, span, hint, address=where))
    return repository
