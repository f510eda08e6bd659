"""Source code and build rules as JSON, and back."""

from __future__ import annotations

from reconciler.live.snapshot.place import Place
from reconciler.model.build import BuildRule, LiveBuildRule, LiveBuilds, SourceCode
from reconciler.model.json_value import Json


def dump(item: LiveBuilds) -> Json:
    code = item.source
    return {
        "source_known": item.source_known,
        "source": None
        if code is None
        else {
            "platform": code.platform,
            "repository": code.repository,
            "auto_build": code.auto_build,
            "overseas": code.overseas,
            "cache": code.cache,
        },
        "rules": [_rule(live) for live in item.rules],
    }


def _rule(live: LiveBuildRule) -> Json:
    rule = live.rule
    return {
        "id": live.id,
        "branch": rule.branch,
        "git_tag": rule.git_tag,
        "tag": rule.tag,
        "dockerfile": rule.dockerfile,
        "context": rule.context,
        "platforms": list[Json](rule.platforms),
    }


def parse(item: Place) -> LiveBuilds | None:
    if item.absent:
        return None
    source = item.field("source")
    rules = tuple(_parsed_rule(rule) for rule in item.field("rules").items())
    return LiveBuilds(None if source.absent else _code(source), rules, item.field("source_known").flag())


def _code(item: Place) -> SourceCode:
    return SourceCode(
        item.field("platform").name(),
        item.field("repository").name(),
        item.field("auto_build").flag(),
        item.field("overseas").flag(),
        item.field("cache").flag(),
    )


def _parsed_rule(item: Place) -> LiveBuildRule:
    branch, git_tag = item.field("branch"), item.field("git_tag")
    rule = BuildRule(
        item.field("tag").name(),
        None if branch.absent else branch.name(),
        None if git_tag.absent else git_tag.name(),
        item.field("dockerfile").text(),
        item.field("context").text(),
        tuple(platform.name() for platform in item.field("platforms").items()),
    )
    return LiveBuildRule(item.field("id").name(), rule)
