"""The local cloud as a running thing: start it from code or from the `emulator` verb, use it, stop it."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType

from reconciler.emulator.call_faults import CallFaults
from reconciler.emulator.certificate import Certificate
from reconciler.emulator.clock import Clock
from reconciler.emulator.engine import Engine
from reconciler.emulator.faults import TaskFault
from reconciler.emulator.policy import Policy
from reconciler.emulator.rush import Rush
from reconciler.emulator.scene.filling import fill
from reconciler.emulator.sync_rule import Laws
from reconciler.model.spec import Desired, Settings

DEFAULT_ACCESS_KEY = ("emulator", "emulator-secret")
_NOTHING: Mapping[str, str] = {}


class LocalCloud:
    """A running cloud; use it as a context manager or call `stop`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = threading.Thread(target=engine.run, name="local-cloud", daemon=True)
        self._thread.start()
        engine.ready.wait()
        if engine.failure is not None:
            self._thread.join()
            raise engine.failure

    @classmethod
    def start(
        cls,
        seed: Desired | None = None,
        *,
        port: int = 0,
        access_key: tuple[str, str] = DEFAULT_ACCESS_KEY,
        speed: float = 1.0,
        state: Path | None = None,
        registries: Mapping[str, str] = _NOTHING,
        policy: Policy | None = None,
        owners: Mapping[str, str] = _NOTHING,
        buckets: Mapping[str, Path] = MappingProxyType({}),
        certificate: Certificate | None = None,
    ) -> LocalCloud:
        """Serves when it returns; over TLS, all of it, with a `certificate`.

        `port` is that of the OpenAPI endpoint, the registries take the free ones that follow; 0 picks all. `state` is
        a folder that outlives the cloud; once it holds an account, `seed` is not used. `registries` maps labels such
        as `instances.hub` to real registries that are used in place of our own storage. `policy` replaces the
        defaults; without it, `settings.replication` of the seed counts. `owners` maps instances of the seed to the
        ids of the accounts that they belong to, when that is another one. `buckets` are OSS buckets that begin as
        copies of folders.

        Raises ValueError for a seed, a label, a URL or a saved account that cannot be used, OSError for a port or
        folder, httpx.HTTPError when a real registry does not answer.
        """
        chosen = policy or (Policy(laws=_laws(seed.settings)) if seed else Policy())
        chosen = replace(chosen, owners={**chosen.owners, **owners})
        engine = Engine(
            seed, port, access_key, Clock(speed), state, dict(registries), chosen, dict(buckets), certificate
        )
        cloud = cls(engine)
        if seed is not None and seed.seed_images and not engine.saved:
            try:
                fill(
                    seed.seed_images,
                    cloud.registries,
                    access_key,
                    None if certificate is None else certificate.certificate,
                )
            except ValueError:
                cloud.stop()
                raise
        return cloud

    @property
    def endpoint(self) -> str:
        return f"{self._engine.cloud.scheme}://{self._engine.endpoint}"

    @property
    def registries(self) -> Mapping[str, str]:
        """`host:port` by label, `instances.<key>` and `personal.<region>`."""
        return dict(self._engine.cloud.addresses)

    @property
    def access_key(self) -> tuple[str, str]:
        return self._engine.cloud.access_key

    def instance_id(self, key: str) -> str:
        """The `cri-` id of the seed's instance `key`. Raises KeyError."""
        found = {instance.key: identity for identity, instance in self._engine.cloud.account.instances.items()}
        return found[key]

    def request_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Requests so far: by registry label, `PUT manifest` and the like; under `openapi`, by action."""
        counts: dict[str, Counter[str]] = {}
        for (place, kind), number in self._engine.cloud.requests.copy().items():
            counts.setdefault(place, Counter())[kind] = number
        return counts

    def fail_tasks(self, *faults: TaskFault) -> None:
        """Make replication tasks fail from now on. Raises Refused for a pattern that is not RE2."""
        self._engine.cloud.replication.faults.add(faults)

    def spoil_calls(self, faults: CallFaults) -> None:
        """Make OpenAPI calls go wrong from now on; `CallFaults()` ends it."""
        self._engine.spoil_calls(faults)

    def rush(self, rush: Rush | None) -> None:
        """Make registries ask for quiet from now on, each once; None ends it."""
        self._engine.rush(rush)

    def ready_line(self, certificate: Path | None = None) -> str:
        """`certificate` is told too, when there is one to trust."""
        key, secret = self.access_key
        trusted = {} if certificate is None else {"certificate": str(certificate.resolve())}
        return json.dumps(
            {
                "endpoint": self.endpoint,
                "access_key_id": key,
                "access_key_secret": secret,
                "registries": self.registries,
                **trusted,
            }
        )

    def serve_forever(self) -> None:
        """Until SIGINT or SIGTERM, then stops; for the main thread."""
        asked = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            asked.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not asked.wait(0.5) and self._thread.is_alive():
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.stop()

    def stop(self) -> None:
        """Saves and ends; a second call does nothing."""
        self._engine.ask_to_stop()
        self._thread.join()

    def __enter__(self) -> LocalCloud:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _laws(settings: Settings) -> Laws:
    return Laws(settings.same_pair, settings.standard_edition)
