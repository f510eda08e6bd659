"""Running the failed images of a past run again."""

from __future__ import annotations

from pathlib import Path

from reconciler.acr.hosts import Network
from reconciler.commands.application import Application, ask
from reconciler.commands.console import Console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.options import TextFormat
from reconciler.commands.runs import Runs


def retry(
    runs: Runs,
    name: str,
    console: Console,
    endpoint_url: str | None,
    network: Network,
    output: TextFormat,
    *,
    auto_approve: bool,
    log_file: Path | None,
) -> Exit:
    """Plan what was applied then once more and carry out what concerns its failed images. Raises Refused."""
    from reconciler.core.ownership import Options
    from reconciler.model.report import ImageResult

    name, kept = runs.find(name)
    failed = frozenset(image.target for image in kept.report.images if image.result is ImageResult.FAILED)
    if not failed:
        console.note(f"no image failed in run `{name}`")
        return Exit.OK
    if not kept.paths:
        raise Refused(f"run `{name}` does not say what was applied", hint="apply the files again: `reconciler apply`")
    application = Application(
        console,
        endpoint_url,
        journal=runs.folder,
        approve=ask(console, auto_approve=auto_approve),
        result_on_stdout=output is TextFormat.HUMAN,
        network=network,
        log_file=log_file,
    )
    done = application.run([Path(path) for path in kept.paths], Options(images=failed))
    return Exit.OK if done is None else application.tell(done, output, None)
