"""Options that several verbs share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.acr.hosts import Network


class PlanFormat(StrEnum):
    HUMAN = "human"
    JSON = "json"
    MARKDOWN = "markdown"


class TextFormat(StrEnum):
    HUMAN = "human"
    JSON = "json"


Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH",
        help="Files, or folders of *.yaml and *.yml; default: this folder.",
        readable=False,  # what cannot be read is told with the other findings
    ),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour, as NO_COLOR does.")]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        envvar="RECONCILER_ENDPOINT_URL",
        metavar="URL",
        help="Send every OpenAPI call here, for example to an emulator.",
    ),
]
NetworkChoice = Annotated[
    Network,
    typer.Option(
        "--network",
        envvar="RECONCILER_NETWORK",
        help="The way to the cloud: over the internet, or from inside a VPC of the same region.",
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Append every OpenAPI call to FILE, a JSON line each, without secrets."),
]
LiveFile = Annotated[
    Path | None, typer.Option("--live", metavar="FILE", help="A recorded live state instead of the cloud; no network.")
]
RecordFile = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Write the live state that was read to FILE.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="ADDRESS", help="Only this address, what is inside it, and what it depends on. Repeatable."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS", help="Without this address, what is inside it, and what depends on it. Repeatable."
    ),
]
Prune = Annotated[bool, typer.Option("--prune", help="Plan the deletion of what is live and not declared.")]
AllowDelete = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND[:N]",
        help="With --prune: kinds that may be deleted (namespaces, repositories, vpcs, replications), N at most.",
    ),
]
AllowBillable = Annotated[
    bool, typer.Option("--allow-billable", help="Take the steps that cost money, which the plan calls billable.")
]
Parallelism = Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Steps and API calls under way at once.")]
Workers = Annotated[
    int, typer.Option(min=1, max=64, metavar="N", help="Blobs, mounts and manifests under way at once, at most.")
]
PerHost = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="How many of them at one registry, at most; default: all."),
]
MaxRate = Annotated[
    str | None,
    typer.Option(metavar="SIZE/s", help="Bytes of blobs that leave per second, for example 50MB/s; default: no limit."),
]
JournalFolder = Annotated[
    Path,
    typer.Option("--journal", metavar="DIR", help="Where the journal of transfers and the records of runs are kept."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every image, not only the first of each repository.")]


def bytes_per_second(value: str | None) -> int | None:
    """`50MB/s` or `50MiB/s` as a number. Raises typer.BadParameter."""
    from reconciler.spec.quantities import size

    if value is None:
        return None
    try:
        rate = size(value.removesuffix("/s"))
    except ValueError:
        rate = 0
    if rate < 1:
        raise typer.BadParameter(f"`{value}` is not a rate such as 50MB/s", param_hint="--max-rate")
    return rate


def allowed_deletions(values: list[str] | None) -> Mapping[str, int | None]:
    """`KIND` or `KIND:N` to a limit for each kind. Raises typer.BadParameter."""
    from reconciler.core.ownership import PROTECTED, PRUNABLE

    allowed: dict[str, int | None] = {}
    for value in values or ():
        kind, colon, number = value.partition(":")
        if kind in PROTECTED:
            raise typer.BadParameter(f"`{kind}` are never deleted from here: {PROTECTED[kind]}")
        if kind not in PRUNABLE or (colon and not number.isdecimal()):
            raise typer.BadParameter(f"`{value}` is not KIND or KIND:N with KIND one of {', '.join(sorted(PRUNABLE))}")
        allowed[kind] = int(number) if colon else None
    return allowed
