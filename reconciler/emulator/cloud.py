"""The running cloud: the account, the registries' content and what ties them together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from reconciler.emulator.account import Account, Holder, Instance, PersonalRegion
from reconciler.emulator.call_faults import CallWeather
from reconciler.emulator.catalogue import Repository, Tag, personal_catalogue
from reconciler.emulator.clock import Clock
from reconciler.emulator.content import Content, StoredManifest
from reconciler.emulator.identifiers import batch_id
from reconciler.emulator.logins import Logins
from reconciler.emulator.policy import Policy
from reconciler.emulator.refusal import Refused
from reconciler.emulator.remote import RemoteRegistry
from reconciler.emulator.replication import Replication
from reconciler.emulator.rush import Rushes
from reconciler.emulator.sync_rule import SyncRule, SyncTrigger
from reconciler.emulator.sync_task import ImagePlace, SyncTask
from reconciler.emulator.tagging import describe
from reconciler.emulator.temporary_keys import TemporaryKeys
from reconciler.model.image import Digest

DEFAULT_REGION = "cn-hangzhou"
"""Where a Personal Edition call without a region goes when the account has several regions or none."""


class Cloud:
    """`contents` and `addresses` (`host:port`) are keyed by label, such as `instances.hub`. `open_registry` starts a
    registry for a holder that came up later. Only the event loop's thread may touch any of this."""

    def __init__(
        self,
        account: Account,
        policy: Policy,
        clock: Clock,
        access_key: tuple[str, str],
        *,
        changed: Callable[[], None],
        scheme: str = "http",
        open_registry: Callable[[Holder], Awaitable[None]],
    ) -> None:
        self.account = account
        self.policy = policy
        self.clock = clock
        self.access_key = access_key
        self.changed = changed
        self.scheme = scheme
        self.contents: dict[str, Content] = {}
        self.addresses: dict[str, str] = {}
        self.requests: Counter[tuple[str, str]] = Counter()
        self.temporary_keys = TemporaryKeys()
        self.weather = CallWeather(policy.calls)
        self.rushes = Rushes()
        self.logins = Logins(access_key, policy.token_seconds)
        self.replication = Replication(account, self.contents, clock, changed)
        self.open_registry = open_registry
        self._background: set[asyncio.Task[None]] = set()

    def base(self, holder: Holder) -> str:
        """Where the registry of `holder` is, as an address without a path."""
        return f"{self.scheme}://{self.addresses[holder.label]}"

    def later(self, seconds: float, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run `work` after so many nominal seconds."""

        def start() -> None:
            task = asyncio.get_running_loop().create_task(work())
            self._background.add(task)
            task.add_done_callback(self._background.discard)

        self.clock.after(seconds, start)

    async def stop(self) -> None:
        await self.replication.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def personal(self, region: str | None) -> PersonalRegion:
        """Personal Edition in `region`, set up on first use; without a region, in the only one that there is."""
        known = list(self.account.personal)
        wanted = region or (known[0] if len(known) == 1 else DEFAULT_REGION)
        if wanted not in self.account.personal:
            made = PersonalRegion(wanted, personal_catalogue(self.policy.personal_quota))
            self.account.personal[wanted] = made
            await self.open_registry(made)
            self.changed()
        return self.account.personal[wanted]

    async def tag_names(self, holder: Holder, repository: Repository) -> Sequence[str]:
        content = self.contents[holder.label]
        if isinstance(content, RemoteRegistry):
            return await content.tags(repository.path)
        return sorted(repository.tags)

    async def tag(self, holder: Holder, repository: Repository, name: str) -> Tag:
        """A real registry is asked, as images may come and go there without us. Raises Refused when it is not there."""
        known = repository.tags.get(name)
        content = self.contents[holder.label]
        if isinstance(content, RemoteRegistry):
            digest = await content.resolve(repository.path, name)
            if digest is None:
                repository.tags.pop(name, None)
                known = None
            elif known is None or known.digest != digest:
                manifest = await content.manifest(repository.path, digest)
                known = await describe(content, repository.path, name, manifest, None)
                repository.tags[name] = known
        if known is None:
            raise Refused("IMAGE_NOT_EXIST", f"image is not exist: {repository.path}:{name}")
        return known

    async def some_tags(self, holder: Holder, repository: Repository, names: Sequence[str]) -> Sequence[Tag]:
        """All at once, as a real registry is slow to ask one by one. Raises Refused as `tag` does."""
        return await asyncio.gather(*(self.tag(holder, repository, name) for name in names))

    async def pushed(self, holder: Holder, repository: Repository, name: str, manifest: StoredManifest) -> None:
        """Remember a push that the registry has accepted, and start what rules make of it."""
        now = self.clock.now()
        content = self.contents[holder.label]
        repository.tags[name] = await describe(content, repository.path, name, manifest, now)
        repository.modified = now
        self.changed()
        if not isinstance(holder, Instance):
            return
        batch = batch_id()
        for rule in list(self.account.sync_rules.values()):
            mine = rule.source_id == holder.id and rule.trigger is SyncTrigger.PASSIVE
            if mine and rule.covers(repository.namespace, repository.name, name):
                self.start_rule(rule, repository, name, manifest.digest, batch)

    def start_rule(
        self,
        rule: SyncRule,
        repository: Repository,
        tag: str,
        digest: Digest,
        batch: str,
        *,
        priority: int | None = None,
    ) -> SyncTask:
        namespace, name = rule.target_of(repository.namespace, repository.name)
        source = ImagePlace(rule.source_region, rule.source_id, repository.namespace, repository.name, tag)
        now = self.clock.now()
        task = SyncTask(
            id=self.account.new_id("rst", rule.id, repository.path, tag),
            batch_id=batch,
            source=source,
            target=ImagePlace(rule.target_region, rule.target_id, namespace, name, tag),
            digest=digest,
            trigger=rule.trigger,
            priority=rule.priority if priority is None else priority,
            override=True,
            created=now,
            modified=now,
            rule_id=rule.id,
            cross_user=rule.cross_user,
            link_id=rule.link_id,
        )
        self.replication.submit(task)
        return task
