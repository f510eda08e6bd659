"""Files that a run leaves behind: plans, reports and live states, each written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.commands.exits import Refused
from reconciler.commands.options import PlanFormat
from reconciler.model.json_value import Json, canonical, pretty

if TYPE_CHECKING:
    from reconciler.core.ownership import Options
    from reconciler.model.drift import Drift
    from reconciler.model.live import Live
    from reconciler.model.plan import Plan
    from reconciler.model.record import Records
    from reconciler.model.report import Report
    from reconciler.model.single_image import Outcome
    from reconciler.render.diagnostics_human import SourceLine
    from reconciler.render.style import Style


def now_text() -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_milliseconds() -> int:
    """Since the epoch, as the service counts."""
    return int(datetime.now(UTC).timestamp() * 1000)


def plan_text(
    plan: Plan,
    output: PlanFormat,
    style: Style,
    paths: Sequence[Path] | None,
    *,
    verbose: bool = False,
    source_line: SourceLine | None = None,
    options: Options | None = None,
) -> str:
    """`options` are those that the plan was made with, which its file keeps."""
    from reconciler.core.ownership import Options
    from reconciler.render import plan_human, plan_json, plan_markdown

    match output:
        case PlanFormat.HUMAN:
            return plan_human.render(plan, style, verbose=verbose, source_line=source_line)
        case PlanFormat.MARKDOWN:
            return plan_markdown.render(plan)
        case PlanFormat.JSON:
            names = [str(path) for path in paths or [Path()]]
            return pretty(
                plan_json.to_json(
                    plan,
                    created=now_text(),
                    tool_version=__version__,
                    paths=names,
                    options=options or Options(),
                )
            )


def report_text(report: Report, paths: Sequence[str], created: str) -> str:
    """`paths` are what was applied, as it was named; `created` is RFC 3339 in UTC."""
    from reconciler.render import report_json

    return pretty(report_json.to_json(report, created=created, tool_version=__version__, paths=paths))


def records_text(records: Records) -> str:
    from reconciler.render import records_json

    return pretty(records_json.to_json(records, created=now_text(), tool_version=__version__, now=now_milliseconds()))


def drift_text(drift: Drift) -> str:
    from reconciler.render import drift_json

    return pretty(drift_json.to_json(drift, created=now_text(), tool_version=__version__))


def outcome_text(outcome: Outcome) -> str:
    from reconciler.render import task_json

    return pretty(task_json.to_json(outcome, created=now_text(), tool_version=__version__))


def save_live(path: Path, live: Live) -> None:
    from reconciler.live import snapshot

    save_text(path, pretty(snapshot.dump(live)))


def save_text(path: Path, text: str) -> None:
    """Raises Refused when the file cannot be written; what was there before is still there then. A device or a pipe is
    written to, not replaced, and a link goes on leading to its file."""
    temporary = None
    try:
        if _is_stream(path):
            path.write_text(text, encoding="utf-8")
            return
        real = Path(os.path.realpath(path))
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=real.parent, prefix=f".{real.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(real)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise Refused(f"cannot write `{path}`: {error.strerror}", hint="choose another place") from error


def require_writable(path: Path) -> None:
    """Raises Refused when a file at `path` could not be written later, before anything is done that would be told in
    it."""
    reason = _unwritable(path)
    if reason:
        raise Refused(f"cannot write `{path}`: {reason}", hint="choose another place")


def _unwritable(path: Path) -> str:
    """Why, or nothing."""
    try:
        if path.is_dir():
            return "it is a folder"
        if _is_stream(path):
            return "" if os.access(path, os.W_OK) else "nothing may be written to it"
        folder = Path(os.path.realpath(path)).parent
        if not folder.is_dir():
            return f"there is no folder `{folder if path.is_symlink() else path.parent}`"
    except OSError as error:
        return error.strerror or "it cannot be looked at"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"nothing may be written to `{path.parent}`"


def _is_stream(path: Path) -> bool:
    """Whether there is something that is no file, such as `/dev/stdout` or a named pipe. Raises OSError."""
    return path.exists() and not path.is_file()


def read_text(path: Path) -> str:
    """Raises Refused."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Refused(f"cannot read `{path}`: {reason}", hint="name another file") from error


def is_plan(path: Path) -> bool:
    """Whether it is for a saved plan: by what is in it, and by its name when that cannot be read."""
    named = path.suffix == ".json"
    try:
        with path.open("rb") as file:
            if not path.is_file() or not file.read(512).lstrip().startswith(b"{"):
                return named
        data: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return named
    # A spec can be written in JSON, too.
    return isinstance(data, dict) and ("format_version" in data or (named and "version" not in data))


def read_json(path: Path) -> Json:
    """Raises Refused."""
    try:
        data: Json = json.loads(read_text(path))
        canonical(data).encode()  # JSON can spell surrogates, which no text can hold
    except RecursionError as error:
        raise Refused(f"`{path}` is nested too deeply", hint="name a file that `--record` wrote") from error
    except ValueError as error:
        raise Refused(f"`{path}` is not JSON: {error}", hint="name a file that `--record` wrote") from error
    return data
