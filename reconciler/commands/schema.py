"""`reconciler schema`: the JSON Schemas of everything that is read and written."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused


def schema(
    name: Annotated[str | None, typer.Argument(help="Without it, the names of all schemas.")] = None,
) -> int:
    """Print a JSON Schema, for editors and for whoever reads our JSON.

    \b
    Examples:
      reconciler schema
      reconciler schema spec.v1 > spec.v1.json
    """
    from reconciler.spec.schema import schema_names, schema_text

    console = open_console()
    if name is None:
        console.out("\n".join(schema_names()))
        return Exit.OK
    if name not in schema_names():
        raise Refused(f"no schema is called `{name}`", hint=f"one of: {', '.join(schema_names())}")
    console.out(schema_text(name))
    return Exit.OK
