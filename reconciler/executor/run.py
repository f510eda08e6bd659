"""Carrying a plan out: changes in dependency order, in parallel where the graph allows, one failure at a time."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic

from reconciler.acr.bss import Bss
from reconciler.acr.cr import Cr
from reconciler.acr.errors import AcrError
from reconciler.acr.surroundings import Surroundings
from reconciler.core.locate import find_instances
from reconciler.core.schedule import Schedule
from reconciler.executor.arrival import await_arrivals
from reconciler.executor.control import apply_change
from reconciler.executor.events import RunEvent, RunListener, ServiceMoved, StepEnded, StepStarted, Waiting
from reconciler.executor.gap import Gap
from reconciler.executor.moving import Mover, Registries
from reconciler.executor.target import Workbench, own_nothing
from reconciler.executor.tasking import Tasks
from reconciler.executor.verification import verify
from reconciler.executor.waiting import Patience, StepFailed
from reconciler.model.address import Address, Kind
from reconciler.model.live import Live
from reconciler.model.plan import Action, Change, Plan, Transfer, Via
from reconciler.model.report import ImageOutcome, Report, StepOutcome, StepResult
from reconciler.oci.errors import RegistryError
from reconciler.oci.source import Sources
from reconciler.transfer.engine import WORKERS
from reconciler.transfer.journal import Journal


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with. Setting `stop` lets what is under way finish and starts nothing more; setting `break_off`
    as well drops the blobs that are on their way."""

    cr: Cr
    around: Surroundings
    registries: Registries
    journal: Journal
    listener: RunListener
    parallelism: int = 10
    workers: int = WORKERS
    stop: threading.Event = field(default_factory=threading.Event)
    break_off: threading.Event = field(default_factory=threading.Event)
    patience: Patience | None = None
    clock: Callable[[], float] = monotonic
    per_host: int | None = None
    max_rate: int | None = None
    """Bytes per second."""
    sources: Sources | None = None
    """What images are read from, where that is not always a registry."""
    bss: Bss | None = None
    """Given only to a run that may buy."""
    own: Callable[[str, str], None] = own_nothing
    """Told the ids of instances that were bought, and whose they are."""


def carry_out(plan: Plan, live: Live, tools: Tools) -> Report:
    """Apply `plan`, which was made from `live`. Failures are outcomes; only a bug of ours raises."""
    run = _Run(plan, live, tools)
    started = tools.clock()
    run.carrier.set_aside(plan.unmovable)
    run.drive()
    return Report(
        (*(run.outcomes[node] for node in sorted(run.outcomes)), *run.extra),
        tuple(sorted(run.carrier.outcomes.values(), key=lambda o: (o.address, o.target))),
        plan.diagnostics,
        tools.clock() - started,
        run.carrier.seconds,
        run.carrier.requests,
        run.carrier.retries,
        plan.complete,
        plan.summary.images_unchanged,
        run.carrier.requests_expected,
    )


class _Run:
    """One pass over the plan's changes, known by their index; only `drive`'s thread touches the schedule."""

    def __init__(self, plan: Plan, live: Live, tools: Tools) -> None:
        self._changes = plan.changes
        self._tools = tools
        self._listening = threading.Lock()
        self._transfers: dict[Address, list[Transfer]] = defaultdict(list)
        for transfer in plan.transfers:
            self._transfers[transfer.address].append(transfer)
        self._unmovable = Counter(image.address for image in plan.unmovable if not image.as_asked)
        self._bench = Workbench(
            tools.cr,
            tools.around,
            plan.desired,
            live,
            dict(find_instances(plan.desired, live)),
            tools.patience or Patience(stop=tools.stop),
            lambda change, reason: self._tell(Waiting(change, reason)),
            tools.bss,
            self._tell,
            own=tools.own,
        )
        self.carrier = Mover(
            live,
            tools.registries,
            tools.journal,
            self._tell,
            tools.workers,
            tools.stop,
            tools.break_off,
            tools.per_host,
            tools.max_rate,
            tools.sources,
            told=self._told,
        )
        self._schedule = Schedule(range(len(plan.changes)), _dependencies(plan.changes))
        self.outcomes: dict[int, StepOutcome] = {}
        self.extra: list[StepOutcome] = []

    def drive(self) -> None:
        ended: SimpleQueue[Future[dict[int, StepOutcome]]] = SimpleQueue()
        waiting_steps: deque[int] = deque()
        waiting_transfers: list[int] = []
        transferring: Future[dict[int, StepOutcome]] | None = None
        steps = 0
        with ThreadPoolExecutor(self._tools.parallelism + 1, thread_name_prefix="step") as pool:
            while True:
                while (node := self._schedule.take()) is not None:
                    waiting = waiting_transfers if self._changes[node].action is Action.TRANSFER else waiting_steps
                    waiting.append(node)
                # What waits in the pool would begin even after a stop, so only what has a thread goes there.
                while waiting_steps and steps < self._tools.parallelism and not self._tools.stop.is_set():
                    steps += 1
                    pool.submit(self._control, waiting_steps.popleft()).add_done_callback(ended.put)
                if waiting_transfers and transferring is None and not self._tools.stop.is_set():
                    transferring = pool.submit(self._transfer, tuple(waiting_transfers))
                    transferring.add_done_callback(ended.put)
                    waiting_transfers = []
                if steps == 0 and transferring is None:
                    break
                done = ended.get()
                if done is transferring:
                    transferring = None
                else:
                    steps -= 1
                self._settle(done.result())
        self._close_gaps()
        for node, change in enumerate(self._changes):
            if node not in self.outcomes:
                self._end(node, StepOutcome(change.address, change.action, StepResult.BLOCKED, "the run was stopped"))

    def _close_gaps(self) -> None:
        """At the end, so that pushes while the other rules were made are seen as well."""
        made = [
            self._changes[node]
            for node, outcome in self.outcomes.items()
            if outcome.address.kind is Kind.REPLICATION
            and outcome.action in (Action.CREATE, Action.REPLACE)
            and outcome.result is StepResult.DONE
        ]
        if not made or self._tools.stop.is_set():
            return
        try:
            Gap(self._bench, self.carrier).close(made)
        except AcrError as error:
            reason = f"what was pushed while rules were made could not be looked for: {error}"
            self.extra.append(StepOutcome(made[0].address, Action.TRANSFER, StepResult.FAILED, reason))

    def _settle(self, outcomes: Mapping[int, StepOutcome]) -> None:
        for node, outcome in outcomes.items():
            self._end(node, outcome)
            # Images that failed do not hold up the others: each that depends on one of them finds out by itself.
            # Neither does a step for a person, since what cannot do without it is an error of the plan.
            passed = outcome.result in (StepResult.DONE, StepResult.MANUAL)
            if passed or self._changes[node].action is Action.TRANSFER:
                self._schedule.succeed(node)
                continue
            for blocked in self._schedule.fail(node):
                change = self._changes[blocked]
                reason = f"waits for {outcome.address}"
                self._end(blocked, StepOutcome(change.address, change.action, StepResult.BLOCKED, reason))

    def _control(self, node: int) -> dict[int, StepOutcome]:
        change = self._changes[node]
        self._tell(StepStarted(change))
        started = self._tools.clock()
        result, reason = StepResult.DONE, ""
        try:
            apply_change(self._bench, change)
        except (AcrError, StepFailed) as error:
            result = StepResult.MANUAL if change.action is Action.MANUAL else StepResult.FAILED
            reason = str(error)
        return {node: StepOutcome(change.address, change.action, result, reason, self._tools.clock() - started)}

    def _transfer(self, nodes: Sequence[int]) -> dict[int, StepOutcome]:
        started = self._tools.clock()
        changes = [self._changes[node] for node in nodes]
        transfers = [transfer for change in changes for transfer in self._transfers[change.address]]
        for change in changes:
            self._tell(StepStarted(change))
        problem = ""
        tasks = Tasks(self._bench, self.carrier)
        try:
            tasks.start(transfer for transfer in transfers if transfer.via is Via.TASK)
            self.carrier.carry(transfers)
            verify(self._bench, self.carrier, transfers)
            await_arrivals(self._bench, self.carrier, transfers)
            tasks.finish()
        except (AcrError, RegistryError, StepFailed) as error:
            problem = str(error)
            self.carrier.give_up(transfers, problem)
        seconds = self._tools.clock() - started
        return {node: self._judge(self._changes[node], problem, seconds) for node in nodes}

    def _judge(self, change: Change, problem: str, seconds: float) -> StepOutcome:
        transfers = self._transfers[change.address]
        stuck = self._unmovable[change.address]
        failed = self.carrier.failed(transfers) + stuck
        if not failed:
            return StepOutcome(change.address, change.action, StepResult.DONE, "", seconds)
        reason = problem or f"{failed} of {len(transfers) + stuck} images failed"
        return StepOutcome(change.address, change.action, StepResult.FAILED, reason, seconds)

    def _end(self, node: int, outcome: StepOutcome) -> None:
        self.outcomes[node] = outcome
        self._tell(StepEnded(outcome))

    def _told(self, outcome: ImageOutcome) -> None:
        if outcome.via is not Via.EXECUTOR:
            self._tell(ServiceMoved(outcome))

    def _tell(self, event: RunEvent) -> None:
        with self._listening:
            self._tools.listener(event)


def _dependencies(changes: Sequence[Change]) -> Mapping[int, tuple[int, ...]]:
    by_address: dict[Address, list[int]] = defaultdict(list)
    for node, change in enumerate(changes):
        by_address[change.address].append(node)
    return {
        node: tuple(other for address in change.depends_on for other in by_address[address] if other != node)
        for node, change in enumerate(changes)
    }
