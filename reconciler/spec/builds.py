"""What images are built from: source code and build rules of a repository."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.build import BuildRule, SourceCode
from reconciler.spec.fields import Fields
from reconciler.spec.problem import error, shown
from reconciler.spec.references import Build


def source_code(fields: Fields) -> SourceCode | None:
    code = fields.inside("source_code")
    platform, repository = code.text("platform"), code.text("repository")
    if platform is None or repository is None:
        return None
    return SourceCode(
        platform,
        repository,
        code.flag("auto_build") or False,
        code.flag("overseas") or False,
        code.flag("cache") is not False,
    )


def build_rules(build: Build, fields: Fields, where: str) -> tuple[BuildRule, ...] | None:
    """None when the key is absent: then the rules are left alone."""
    if "build_rules" not in fields:
        return None
    return tuple(_build_rules(build, fields, where))


def _build_rules(build: Build, fields: Fields, where: str) -> Iterator[BuildRule]:
    seen: set[str] = set()
    for item in fields.each("build_rules"):
        tag, branch, git_tag = item.text("tag"), item.text("branch"), item.text("git_tag")
        if tag is None:
            continue
        if (branch is None) == (git_tag is None):
            if branch is None and ("branch" in item or "git_tag" in item):
                continue  # the schema reported it
            summary = "a build rule has " + (
                "both `branch` and `git_tag`" if branch else "neither `branch` nor `git_tag`"
            )
            hint = (
                "keep one of the two"
                if branch
                else "say which pushes build the image: `branch: main` or `git_tag: v.*`"
            )
            build.found.append(error("R-SPEC-19", summary, item.key, hint, address=where))
            continue
        platforms = tuple(sorted(text.value for text in item.texts("platforms")))
        dockerfile, context = item.text("dockerfile") or "Dockerfile", item.text("context") or "/"
        rule = BuildRule(tag, branch, git_tag, dockerfile, context, platforms)
        if rule.name in seen:
            summary = f"two build rules make `{shown(tag)}` of {shown(rule.trigger.replace(':', ' ', 1))}"
            build.found.append(error("R-SPEC-17", summary, item.key, "remove one of the two", address=where))
            continue
        seen.add(rule.name)
        yield rule
