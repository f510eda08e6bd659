"""Building images from source code: what a repository is bound to, and which pushes make which tag."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceCode:
    """`platform` is `github`, `gitlab`, `gitee`, `code` or `codeup`; `repository` is `group/name` there."""

    platform: str
    repository: str
    auto_build: bool = False
    overseas: bool = False
    cache: bool = True


@dataclass(frozen=True, slots=True)
class BuildRule:
    """A push to `branch`, or of a git tag that matches `git_tag`, builds the image `tag`. Empty `platforms` stand for
    what the service builds by itself, linux/amd64."""

    tag: str
    branch: str | None = None
    git_tag: str | None = None
    dockerfile: str = "Dockerfile"
    context: str = "/"
    platforms: tuple[str, ...] = ()

    @property
    def trigger(self) -> str:
        """`branch:main` or `git_tag:v.*`."""
        return f"branch:{self.branch}" if self.branch is not None else f"git_tag:{self.git_tag}"

    @property
    def name(self) -> str:
        """What tells it from the other rules of its repository."""
        return f"{self.trigger}:{self.tag}"


@dataclass(frozen=True, slots=True)
class LiveBuildRule:
    id: str
    rule: BuildRule


@dataclass(frozen=True, slots=True)
class LiveBuilds:
    """What a repository is built from. `source_known` is false when nobody can tell what it is bound to."""

    source: SourceCode | None
    rules: tuple[LiveBuildRule, ...] = ()
    source_known: bool = True
