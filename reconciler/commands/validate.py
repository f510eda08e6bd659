"""`reconciler validate`: everything that can be proved without the cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit
from reconciler.commands.options import NoColor, Paths, TextFormat


def validate(
    paths: Paths = None,
    output: Annotated[TextFormat, typer.Option("--format", help="How to print.")] = TextFormat.HUMAN,
    no_color: NoColor = False,
) -> int:
    """Check syntax, schema, references, graph and topology; offline.

    All mistakes in one run, each with its place and a fix. Exit code 0: clean, 1: errors.

    \b
    Examples:
      reconciler validate
      reconciler validate registry.yaml teams/ --format json
    """
    from reconciler.commands.pipeline import check
    from reconciler.model.json_value import pretty
    from reconciler.render import diagnostics_human, diagnostics_json, units

    console = open_console(no_color=no_color)
    checked = check(paths)
    if output is TextFormat.JSON:
        console.out(pretty(diagnostics_json.to_json(checked.diagnostics)))
    elif checked.diagnostics:
        console.out(diagnostics_human.render(checked.diagnostics, console.style, checked.source_line))
    if not checked.errored and output is TextFormat.HUMAN:
        desired = checked.loaded.desired
        counts = (
            units.count(len(checked.loaded.files), "file"),
            units.count(len(checked.graph.nodes), "resource"),
            units.count(len(desired.imports), "import"),
            units.count(len(desired.replications), "replication rule"),
        )
        console.out(f"valid: {', '.join(counts)}")
    return Exit.ERROR if checked.errored else Exit.OK
