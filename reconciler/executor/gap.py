"""What was pushed while rules were made: after the plan's listing and before the new rule, nothing replicates it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.core.locate import in_scope, place_of
from reconciler.core.pattern import matcher
from reconciler.core.unread import unlisted
from reconciler.executor.listing import listed_digests
from reconciler.executor.moving import Mover
from reconciler.executor.target import Workbench
from reconciler.executor.tasking import Tasks
from reconciler.model.image import ImageName
from reconciler.model.live import LiveInstance, LiveRepository, LiveTag
from reconciler.model.plan import Action, Change, Transfer, TransferReason, Via
from reconciler.model.spec import Backfill, ReplicationRule, Trigger


@dataclass(slots=True)
class Gap:
    """Closes the gaps of rules that this run created or replaced. One reading of each source serves all its rules."""

    bench: Workbench
    carrier: Mover
    _listings: dict[str, tuple[LiveRepository, ...]] = field(default_factory=dict)
    _contents: dict[str, tuple[LiveTag, ...]] = field(default_factory=dict)

    def close(self, made: Iterable[Change]) -> None:
        """Copy by tasks what no rule replicates; each such image has an outcome afterwards. Raises AcrError."""
        rules = {rule.address: rule for rule in self.bench.desired.replications}
        found: list[Transfer] = []
        for change in made:
            rule = rules[change.address]
            if _promised(rule, change.action) and rule.source in self.bench.instances:
                found += self._missed(rule, overwrite=change.action is Action.REPLACE or rule.backfill is Backfill.ALL)
        if found:
            tasks = Tasks(self.bench, self.carrier)
            tasks.start(found)
            tasks.finish()

    def _missed(self, rule: ReplicationRule, *, overwrite: bool) -> Iterator[Transfer]:
        if rule.target not in self.bench.instances:  # of another account, which we cannot look into
            return
        source, target = self.bench.instance(rule.source), self.bench.instance(rule.target)
        created = self._created(rule, source, target)
        matches = matcher(rule.tags)
        unread = unlisted(target)
        fresh = [
            (name, tag)
            for name, tag in self._pushed_since(rule, source)
            if name not in unread and matches(tag.name) and (not created or tag.pushed < created)
        ]
        if not fresh:
            return
        there = listed_digests(self.bench.cr, target, {name for name, _ in fresh})
        for name, tag in fresh:
            place = ImageName(place_of(target), name, tag.name)
            digest = there.get((name, tag.name))
            if digest == tag.digest or (digest is not None and not overwrite):
                continue
            reason = TransferReason.MISSING if digest is None else TransferReason.DIFFERENT
            origin = ImageName(place_of(source), name, tag.name)
            address = rule.backfill_address
            yield Transfer(address, origin, place, tag.digest, reason, Via.TASK, size=tag.size, pushed=tag.pushed)

    def _created(self, rule: ReplicationRule, source: LiveInstance, target: LiveInstance) -> int:
        """When the new rule came to be, by the service's clock, which also dates pushes."""
        return max(
            (
                live.created
                for live in self.bench.cr.list_sync_rules(source.region, source.id)
                if (live.target_instance, live.namespace, live.repository)
                == (target.id, rule.namespace, rule.repository)
            ),
            default=0,
        )

    def _pushed_since(self, rule: ReplicationRule, source: LiveInstance) -> Iterator[tuple[str, LiveTag]]:
        """What the source has in the rule's scope now and had not when the plan was made. Of a repository whose tags
        could not be listed then, nobody can tell."""
        unread = unlisted(source)
        for repository in self._repositories(source):
            if in_scope(rule, repository.name) and repository.name not in unread:
                known = source.repository(repository.name)
                before = {(tag.name, tag.digest) for tag in (known.tags or ())} if known else set()
                for tag in self._tags(source, repository):
                    if (tag.name, tag.digest) not in before:
                        yield repository.name, tag

    def _tags(self, source: LiveInstance, repository: LiveRepository) -> tuple[LiveTag, ...]:
        if repository.id not in self._contents:
            self._contents[repository.id] = self.bench.cr.list_tags(source.region, source.id, repository.id)
        return self._contents[repository.id]

    def _repositories(self, source: LiveInstance) -> tuple[LiveRepository, ...]:
        if source.id not in self._listings:
            self._listings[source.id] = self.bench.cr.list_repositories(source.region, source.id)
        return self._listings[source.id]


def _promised(rule: ReplicationRule, action: Action) -> bool:
    """A rule that is replaced was at work before; a new one begins with what its backfill says."""
    if rule.trigger is not Trigger.PUSH:
        return False
    return action is Action.REPLACE or rule.backfill is not Backfill.NONE
