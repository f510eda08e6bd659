"""`reconciler convert`: what another tool is told, as a spec."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.options import NoColor


class From(StrEnum):
    AUTO = "auto"
    SKOPEO = "skopeo"
    REGSYNC = "regsync"
    IMAGE_SYNCER = "image-syncer"


def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON of skopeo sync, regsync or image-syncer.")],
    tool: Annotated[From, typer.Option("--from", help="Whose configuration it is; auto: its keys tell.")] = From.AUTO,
    target: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The instance that images go to, where the file does not name one."),
    ] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="Declare that instance in this region.")] = None,
    namespace: Annotated[
        str | None, typer.Option(metavar="NAME", help="The target's namespace, where the file does not name one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the YAML to FILE.")] = None,
    no_color: NoColor = False,
) -> int:
    """Turn the configuration of skopeo sync, regsync or image-syncer into imports.

    What has no equivalent is said, in the YAML and on stderr. Logins are never taken over. Exit code 0: converted,
    1: the file cannot be read or understood.

    \b
    Examples:
      reconciler convert sync.yaml --target hub --region cn-hangzhou
      reconciler convert regsync.yml --target hub --out registry.yaml
    """
    from reconciler.commands.saved import save_text
    from reconciler.convert.convert import Tool
    from reconciler.convert.convert import convert as converted_from
    from reconciler.convert.imports import Destination
    from reconciler.model.diagnostic import Diagnostic, has_errors
    from reconciler.render import diagnostics_human
    from reconciler.spec.files import read_file

    console = open_console(no_color=no_color)
    text = read_file(file)
    if isinstance(text, Diagnostic):
        raise Refused(text.summary, hint=text.hint)
    known = None if tool is From.AUTO else Tool(tool.value)
    result = converted_from(text.text, text.name, Destination(target, region, namespace), known)
    if result.diagnostics:
        # Without source lines: what other tools read may hold passwords, in any line.
        console.note(diagnostics_human.render(result.diagnostics, console.note_style))
    if has_errors(result.diagnostics):
        return Exit.ERROR
    if out is None:
        console.out(result.text)
    else:
        save_text(out, result.text)
    return Exit.OK
