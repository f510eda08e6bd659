"""From two names on the command line to an image at its target, with what can be wrong on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands.console import Console
from reconciler.commands.exits import Refused
from reconciler.commands.pipeline import check, require_valid
from reconciler.model.spec import Desired
from reconciler.spec.image_name import NamedImage, parse

if TYPE_CHECKING:
    from reconciler.acr.cr import Cr
    from reconciler.executor.single_image import Ends
    from reconciler.model.live import LiveInstance
    from reconciler.model.single_image import Outcome, SingleImage
    from reconciler.model.spec import Desired, Instance
    from reconciler.model.sync_task import SyncTask


@dataclass(frozen=True, slots=True)
class Named:
    """Two images, whole by now, and the specs that have the instances that are named by key."""

    source: NamedImage
    target: NamedImage
    desired: Desired

    @property
    def declared(self) -> dict[str, Instance]:
        return {instance.key: instance for instance in self.desired.instances}


@dataclass(frozen=True, slots=True)
class Request:
    """The command line."""

    source: str
    target: str
    paths: Sequence[Path] | None
    overwrite: bool
    priority: int
    user_id: str | None

    def parsed(self, console: Console) -> Named:
        """Raises Refused; the specs are read only where a key has to be looked up."""
        source, target = _named(self.source), _named(self.target)
        if not source.repository or not source.tag:
            raise Refused(f"`{self.source}` does not name an image", hint="write `INSTANCE:NAMESPACE/REPOSITORY:TAG`")
        whole = NamedImage(
            target.instance, target.region, target.repository or source.repository, target.tag or source.tag
        )
        if self.user_id is not None and not whole.region:
            hint = "write `ID@REGION`: the instances of another account cannot be looked up"
            raise Refused(f"`{self.target}` belongs to another account and is not named by id", hint=hint)
        desired = Desired()
        keys = [end.instance for end in (source, whole) if not end.region]
        if keys:
            checked = check(self.paths)
            require_valid(checked, console, on_stdout=False)
            desired = checked.loaded.desired
        return Named(source, whole, desired)


def carry_out(cr: Cr, named: Named, request: Request, console: Console, *, wait: bool) -> Outcome:
    """Raises Refused, AcrError."""
    from reconciler.executor import single_image
    from reconciler.executor.waiting import Patience, StepFailed
    from reconciler.model.single_image import SingleImage
    from reconciler.model.sync_task import SyncImage
    from reconciler.spec.problem import choice

    source = _find(cr, named.source, named.declared)
    other = request.user_id is not None
    target = None if other else _find(cr, named.target, named.declared)
    image = SingleImage(
        SyncImage(source.region, source.id, named.source.repository, named.source.tag),
        SyncImage(
            target.region if target else named.target.region,
            target.id if target else named.target.instance,
            named.target.repository,
            named.target.tag,
        ),
        request.overwrite,
        request.priority,
        request.user_id,
    )
    _require_allowed(source, image.target.region, image)
    ends: Ends = single_image.Ends(source, target)
    try:
        outcome = single_image.replicate(cr, image, ends)
        if wait:
            with_patience = Patience()
            return single_image.wait(cr, outcome, ends, with_patience, _watcher(console))
    except single_image.CannotReplicate as problem:
        hint = problem.hint or choice(problem.word, problem.known, otherwise="push it there first")
        raise Refused(str(problem), hint=hint) from problem
    except StepFailed as failure:
        raise Refused(str(failure), hint="`reconciler records --tasks` shows how it goes on") from failure
    return outcome


def _named(text: str) -> NamedImage:
    try:
        return parse(text)
    except ValueError as error:
        hint = "write `KEY:NAMESPACE/REPOSITORY:TAG`, or `ID@REGION` in place of KEY"
        raise Refused(str(error), hint=hint) from error


def _find(cr: Cr, end: NamedImage, declared: dict[str, Instance]) -> LiveInstance:
    from reconciler.spec.problem import choice

    account = None
    if end.region:
        wanted, region, by_id = end.instance, end.region, True
    elif end.instance in declared:
        known = declared[end.instance]
        wanted, region, by_id = known.id or known.name, known.region, known.id is not None
        account = known.account or None
    else:
        hint = choice(end.instance, declared, otherwise="declare it under `instances`, or write `ID@REGION`")
        raise Refused(f"no instance has the key `{end.instance}`", hint=hint)
    listed = cr.list_instances(region, account)
    found = next((i for i in listed if wanted == (i.id if by_id else i.name) and i.status != "DELETING"), None)
    if found is None:
        names = [i.id if by_id else i.name for i in listed]
        raise Refused(
            f"`{region}` has no instance `{wanted}`", hint=choice(wanted, names, otherwise="correct the region")
        )
    if found.status != "RUNNING":
        raise Refused(f"instance `{wanted}` is {found.status}, not RUNNING", hint="wait until it runs, then try again")
    return found


def _require_allowed(source: LiveInstance, target_region: str, image: SingleImage) -> None:
    from reconciler.model.cloud import CloudClass, cloud_class
    from reconciler.model.spec import Edition

    if image.source == image.target:
        raise Refused("source and target are the same image", hint="name another instance, repository or tag")
    if source.edition not in (None, Edition.ADVANCED, Edition.STANDARD):
        raise Refused(
            f"`{source.name}` is a {source.edition} instance and cannot be a replication source",
            hint=f"upgrade `{source.name}` to Advanced",
        )
    if cloud_class(source.region) is CloudClass.PUBLIC and cloud_class(target_region) is not CloudClass.PUBLIC:
        raise Refused(
            f"public cloud (`{source.region}`) cannot replicate to `{target_region}`",
            hint="copy the image with a registry client that reaches both",
        )


def _watcher(console: Console) -> Callable[[SyncTask], None]:
    """Bars that are painted over at a terminal, a line for each change elsewhere."""
    from reconciler.render import task_human

    shown = ""

    def seen(task: SyncTask) -> None:
        nonlocal shown
        if console.interactive:
            columns = shutil.get_terminal_size().columns
            console.frame(task_human.frame(task, replace(console.note_style, width=columns)))
        elif (text := task_human.line(task)) != shown:
            shown = text
            console.note(text)

    return seen
