"""Applying: from a plan to a report, with the questions and refusals on the way."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from reconciler.acr.hosts import Network
from reconciler.commands import saved
from reconciler.commands.cloud import Cloud
from reconciler.commands.console import Console
from reconciler.commands.exits import Exit, Refused
from reconciler.commands.options import PlanFormat, TextFormat
from reconciler.commands.pipeline import Checked, check, make_plan, open_told, require_valid
from reconciler.commands.progress import painted, told_waiting
from reconciler.commands.runs import Runs
from reconciler.model.plan import Plan
from reconciler.model.report import Report, Verdict

if TYPE_CHECKING:
    from reconciler.core.ownership import Options
    from reconciler.model.live import Live
    from reconciler.model.spec import Desired
    from reconciler.transfer.journal import Journal


@dataclass(frozen=True, slots=True)
class Halt:
    """How a run is asked to end: `stop` lets what is under way finish, `break_off` does not wait for blobs."""

    stop: threading.Event = field(default_factory=threading.Event)
    break_off: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Applied:
    """How a run ended; `text` is the report as JSON, and `name` what it is kept as, empty when it could not be."""

    report: Report
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Application:
    """One `apply`. `approve` is asked with the plan on the screen and raises Refused when the answer is no.

    `journal` is the folder of the journal and of the records. A plan that was `reviewed` before is summed up in one
    line.
    """

    console: Console
    endpoint_url: str | None
    journal: Path
    approve: Callable[[Plan], None]
    parallelism: int = 8
    workers: int = 64
    result_on_stdout: bool = True
    reviewed: bool = False
    per_host: int | None = None
    max_rate: int | None = None
    network: Network = Network.PUBLIC
    log_file: Path | None = None
    allow_billable: bool = False

    def run(self, paths: Sequence[Path] | None, options: Options, *, verbose: bool = False) -> Applied | None:
        """Plan `paths` and apply. None when there is nothing to do."""
        checked = check(paths)
        require_valid(checked, self.console, on_stdout=self.result_on_stdout)
        with self._cloud(checked.loaded.desired) as (cloud, halt):
            with told_waiting(self.console):
                plan, live = make_plan(checked, cloud.source, options)
            names = tuple(str(path) for path in paths or [Path()])
            return self._apply(plan, live, cloud, halt, checked, names, verbose=verbose)

    def run_saved(self, file: Path, *, verbose: bool = False) -> Applied | None:
        """Apply the plan in `file` if making it again gives the very same plan."""
        from reconciler.render.plan_json import NotAPlan, plan_digest, read

        try:
            kept = read(saved.read_text(file))
        except NotAPlan as error:
            raise Refused(f"`{file}`: {error}") from error
        again = f"plan again: `reconciler plan {' '.join(kept.paths)} --out {file}`"
        checked = check([Path(path) for path in kept.paths])
        require_valid(checked, self.console, on_stdout=self.result_on_stdout)
        if checked.loaded.digest != kept.plan.spec_digest:
            raise Refused(f"`{file}` is stale: the specs have changed since it was made ({kept.created})", hint=again)
        with self._cloud(checked.loaded.desired) as (cloud, halt):
            with told_waiting(self.console):
                plan, live = make_plan(checked, cloud.source, kept.options)
            if plan_digest(plan) != kept.digest:
                what = "the live state has" if plan.live_digest != kept.plan.live_digest else "the program has"
                raise Refused(f"`{file}` is stale: {what} changed since it was made ({kept.created})", hint=again)
            return self._apply(plan, live, cloud, halt, checked, kept.paths, verbose=verbose)

    @contextmanager
    def _cloud(self, desired: Desired) -> Iterator[tuple[Cloud, Halt]]:
        halt = Halt()
        with open_told(
            self.endpoint_url,
            self.console,
            writes=True,
            network=self.network,
            log_file=self.log_file,
            desired=desired,
            parallelism=self.parallelism,
            stop=halt.stop,
        ) as cloud:
            yield cloud, halt

    def _apply(
        self,
        plan: Plan,
        live: Live,
        cloud: Cloud,
        halt: Halt,
        checked: Checked,
        paths: tuple[str, ...],
        *,
        verbose: bool,
    ) -> Applied | None:
        from reconciler.executor.run import Tools, carry_out
        from reconciler.render.plan_groups import summary_line

        style = self.console.style if self.result_on_stdout else self.console.note_style
        show = self.console.out if self.result_on_stdout else self.console.note
        if self.reviewed and not plan.errored:
            show(summary_line(plan))
        else:
            show(saved.plan_text(plan, PlanFormat.HUMAN, style, None, verbose=verbose, source_line=checked.source_line))
        if plan.errored:
            raise Refused(told=True)
        if not plan.has_to_tell:
            return None
        self._require_permission(plan)
        if plan.has_changes:
            self.approve(plan)
        with (
            _open_journal(self.journal) as journal,
            stopped_by_signals(self.console, halt),
            painted(plan, self.console) as listener,
        ):
            tools = Tools(
                cloud.cr,
                cloud.around,
                cloud.registries,
                journal,
                listener,
                self.parallelism,
                self.workers,
                halt.stop,
                halt.break_off,
                per_host=self.per_host,
                max_rate=self.max_rate,
                bss=cloud.bss if self.allow_billable else None,
                own=cloud.own,
                sources=cloud.sources,
            )
            cloud.hush()
            report = carry_out(plan, live, tools)
        return self._kept(report, paths)

    def _require_permission(self, plan: Plan) -> None:
        """Nothing is bought, and nothing else done either, without the flag that says so."""
        billable = [str(change.address) for change in plan.changes if change.billable is not None]
        if billable and not self.allow_billable:
            left_out = " ".join(f"--exclude {address}" for address in billable)
            raise Refused(
                f"the plan buys something ({', '.join(billable)}), so nothing was applied",
                hint=f"pass `--allow-billable` when that is meant, or leave it out: `{left_out}`",
            )

    def _kept(self, report: Report, paths: tuple[str, ...]) -> Applied:
        text, name = saved.report_text(report, paths, saved.now_text()), ""
        try:
            name = Runs(self.journal).keep(text)
        except Refused as refusal:
            self.console.note(f"warning: this run is not kept for `reconciler records`: {refusal}")
        return Applied(report, text, name)

    def tell(self, applied: Applied, output: TextFormat, file: Path | None) -> Exit:
        """Print and save the report; the exit code is its verdict."""
        from reconciler.render import report_human

        report = applied.report
        if output is TextFormat.JSON:
            self.console.out(applied.text)
        else:
            self.console.out(report_human.render(report, self.console.style))
        if file is not None:
            saved.save_text(file, applied.text)
        if applied.name and report.left_images:
            self.console.note(f"run {applied.name}: `reconciler records --retry` tries again what failed")
        return verdict_exit(report.verdict)


def verdict_exit(verdict: Verdict) -> Exit:
    match verdict:
        case Verdict.DONE:
            return Exit.OK
        case Verdict.PARTLY:
            return Exit.PARTLY
        case Verdict.FAILED:
            return Exit.ERROR


def ask(console: Console, *, auto_approve: bool) -> Callable[[Plan], None]:
    """How a plan gets approved: by the flag, or by a person who types `yes`."""

    def approve(plan: Plan) -> None:
        if auto_approve:
            return
        if not console.interactive:
            raise Refused(
                "nobody can be asked here, so nothing was applied",
                hint="pass `--auto-approve`, or save the plan and apply it after review",
            )
        what = "this change" if len(plan.changes) == 1 else f"these {len(plan.changes)} changes"
        console.ask(f"\nApply {what}? Only `yes` is accepted: ")
        if sys.stdin.readline().strip() != "yes":
            raise Refused("not approved: nothing was applied")

    return approve


@contextmanager
def stopped_by_signals(console: Console, halt: Halt) -> Iterator[None]:
    """The first SIGINT or SIGTERM stops, the second breaks off, the third ends the program on the spot."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(_number: int, _frame: FrameType | None) -> None:
        if not halt.stop.is_set():
            halt.stop.set()
            console.note("stopping: what is under way is finished first; interrupt again to break off")
            return
        halt.break_off.set()
        for number in before:
            signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_journal(folder: Path) -> Journal:
    from reconciler.transfer.journal import Journal

    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return Journal.open(folder / "journal.jsonl")
    except OSError as error:
        raise Refused(
            f"cannot write to `{folder}`: {error.strerror}; nothing was applied",
            hint="choose another folder with `--journal`",
        ) from error
