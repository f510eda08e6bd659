"""The program: verbs, usage errors, and the one place where exceptions become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.commands.apply import apply
from reconciler.commands.console import prepare_streams
from reconciler.commands.convert import convert
from reconciler.commands.demo import demo
from reconciler.commands.drift import drift
from reconciler.commands.emulator import emulator
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.explain import explain
from reconciler.commands.export import export
from reconciler.commands.graph import graph
from reconciler.commands.plan import plan
from reconciler.commands.records import records
from reconciler.commands.replicate import replicate
from reconciler.commands.schema import schema
from reconciler.commands.show import show
from reconciler.commands.validate import validate

VERBS = (
    validate,
    graph,
    plan,
    show,
    apply,
    drift,
    export,
    replicate,
    records,
    schema,
    explain,
    convert,
    emulator,
    demo,
)

# Usage errors have one base in every release of typer, which exports only what is under it.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"reconciler {__version__}\n")
        raise typer.Exit


def _program(
    version: Annotated[  # the callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Config as code for Alibaba Cloud Container Registry: instances, imports, replication and the images themselves.

    \b
    Examples:
      reconciler validate registry.yaml
      reconciler plan registry.yaml
      reconciler apply registry.yaml
      reconciler drift registry.yaml
      reconciler demo
    """


def program() -> typer.Typer:
    app = typer.Typer(
        name="reconciler",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    for verb in VERBS:
        app.command(verb.__name__)(verb)
    return app


def run(arguments: Sequence[str]) -> int:
    """The exit code of one call of the program. Only a bug of ours raises."""
    if not arguments:
        with redirect_stdout(sys.stderr):
            run(["--help"])
        return Exit.ERROR
    try:
        result = program()(args=list(arguments), prog_name="reconciler", standalone_mode=False)
        # Newer releases of typer make an exit code of an interruption, and say nothing.
        if result == Exit.INTERRUPTED:
            return _interrupted()
        return result if isinstance(result, int) else Exit.OK
    except Refused as refusal:
        return _tell("" if refusal.told else str(refusal), refusal.hint)
    except _UsageError as error:
        return _tell(*_usage(error))
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ERROR
    except _expected() as error:
        return _tell(_reason(error), getattr(error, "hint", ""))


def _interrupted() -> int:
    _tell("interrupted", "run the same again to go on: nothing is done twice")
    return Exit.INTERRUPTED


def _usage(error: Exception) -> tuple[str, str]:
    """What is wrong with the command line, in our words as far as they are ours, and where to read more."""
    told = getattr(error, "format_message", error.__str__)()
    verb = getattr(getattr(error, "ctx", None), "command_path", "reconciler")
    return told[:1].lower() + told[1:], f"`{verb} --help` says what is accepted"


def _reason(error: Exception) -> str:
    """The system's reason without its number, and the file that it is about."""
    if isinstance(error, OSError) and error.strerror:
        about = f": {error.filename}" if error.filename is not None else ""
        return f"{error.strerror}{about}"
    return str(error)


def _expected() -> tuple[type[Exception], ...]:
    """What the outside world can do to us. Looked up only when something was raised."""
    from reconciler.acr.errors import AcrError
    from reconciler.live.port import ReadFailed
    from reconciler.oci.errors import RegistryError

    return (ReadFailed, AcrError, RegistryError, OSError)


def _tell(message: str, hint: str) -> int:
    from reconciler.render.style import visible

    if message:
        sys.stderr.write(f"error: {visible(message)}\n")
    if hint:
        sys.stderr.write(f"hint: {visible(hint)}\n")
    return Exit.ERROR


def main() -> None:
    prepare_streams()
    code = run(sys.argv[1:])
    if code == Exit.INTERRUPTED:
        # Threads that wait for an answer would be waited for, up to the minutes that a server may take.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
