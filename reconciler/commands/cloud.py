"""The outside world of a run: the API clients, the registries' clients, and where the live state comes from."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from reconciler.acr.hosts import Network
from reconciler.commands.exits import Refused
from reconciler.live.port import LiveSource

if TYPE_CHECKING:
    from reconciler.acr.bss import Bss
    from reconciler.acr.cr import Cr
    from reconciler.acr.events import CallEvent, CallMade
    from reconciler.acr.surroundings import Surroundings
    from reconciler.model.spec import Desired
    from reconciler.oci.client import Registry
    from reconciler.oci.login import LoginSource
    from reconciler.oci.patience import Retry
    from reconciler.oci.source import Sources


_ONCE_SECONDS = 1.0
"""No registry's retries are told more often than that."""

CALL_TIMEOUT = "RECONCILER_CALL_TIMEOUT"
"""The environment variable that says how many seconds one OpenAPI call may take to answer."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """`cr`, `around` and `bss` write only when the cloud was opened for writing; `source` never does."""

    cr: Cr
    around: Surroundings
    source: LiveSource
    registries: Callable[[str], Registry]
    bss: Bss
    sources: Sources
    """What images are read from, by what they call it."""
    own: Callable[[str, str], None]
    """Told of an instance by its id, and of its account."""
    hush: Callable[[], None]
    """Ends what the listener hears of registries: a transfer has listeners of its own."""


@contextmanager
def open_cloud(
    endpoint_url: str | None,
    *,
    writes: bool,
    parallelism: int = 8,
    stop: threading.Event | None = None,
    listener: Callable[[CallEvent], None] | None = None,
    recorder: Callable[[CallMade], None] | None = None,
    network: Network = Network.PUBLIC,
    desired: Desired | None = None,
) -> Iterator[Cloud]:
    """The cloud that the credentials of this process lead to, and those of the accounts that `desired` names.

    Raises Refused for an endpoint that cannot be used, and for a RECONCILER_CALL_TIMEOUT that is no number of seconds.

    Without `writes` the transport refuses every call that is not known to read, and the registries' clients every
    request but GET and HEAD.
    """
    from reconciler.acr.accounts import Owners
    from reconciler.acr.bss import Bss
    from reconciler.acr.cr import Cr
    from reconciler.acr.cr_personal import CrPersonal
    from reconciler.acr.endpoint import Endpoint
    from reconciler.acr.opening import Opener, regions_of
    from reconciler.acr.surroundings import Surroundings
    from reconciler.acr.transport import ANSWER_SECONDS, ReadOnlyTransport
    from reconciler.live.logins import CloudLogins
    from reconciler.live.origins import Origins
    from reconciler.live.reader import CloudReader
    from reconciler.model.spec import Desired
    from reconciler.oci import docker_config
    from reconciler.oci.stores.buckets import oss_endpoint

    try:
        endpoint = Endpoint(endpoint_url, network)
    except ValueError as error:
        raise Refused(str(error), hint="correct `--endpoint-url` or RECONCILER_ENDPOINT_URL") from error
    answer_seconds = _seconds(CALL_TIMEOUT, ANSWER_SECONDS)
    declared = desired or Desired()
    opener = Opener(endpoint, os.environ, listener, recorder, answer_seconds)
    owners = Owners()
    opened = opener.accounts(declared.accounts, regions_of(declared), owners)
    transport, chain = opened.caller, opened.default
    for instance in declared.instances:
        if instance.id is not None:
            owners.own(instance.id, instance.account)
    reading = ReadOnlyTransport(transport)
    cr = Cr(transport if writes else reading)
    personal = CrPersonal(reading, network)
    logins = CloudLogins(Cr(reading), personal, fallback=docker_config.logins(docker_config.default_path()))
    sleep = stop.wait if stop is not None else None
    registries = _Registries(
        logins, sleep, writes, tls_at_home=endpoint.loopback and endpoint.encrypted, listener=listener
    )
    inside = network is Network.VPC
    origins = Origins(
        registries, chain, lambda region: endpoint_url or oss_endpoint(region, internal=inside), sleep=sleep
    )
    around = Surroundings.over(reading)
    reader = CloudReader(
        Cr(reading),
        personal,
        around,
        registries,
        workers=parallelism,
        learn=logins.learn,
        network=network,
        own=owners.own,
        bss=Bss(reading),
        origins=origins,
    )
    try:
        writing = transport if writes else reading
        yield Cloud(
            cr, Surroundings.over(writing), reader, registries, Bss(writing), origins, owners.own, registries.hush
        )
    finally:
        origins.close()
        registries.close()
        opened.close()


def _seconds(variable: str, default: float) -> float:
    text = os.environ.get(variable, "")
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise Refused(f"{variable} is not a number of seconds up to 3600: {text}", hint=f"correct {variable}")
    return seconds


class _Registries:
    """Gives the client of a host, always the same one. Thread-safe. With `tls_at_home` this machine's own registries
    speak TLS, as a local cloud's do whose OpenAPI does."""

    def __init__(
        self,
        login: LoginSource,
        sleep: Callable[[float], object] | None,
        writes: bool,
        *,
        tls_at_home: bool = False,
        listener: Callable[[CallEvent], None] | None = None,
    ) -> None:
        self._login = login
        self._sleep = sleep
        self._writes = writes
        self._tls_at_home = tls_at_home
        self._lock = threading.Lock()
        self._clients: dict[str, Registry] = {}
        self._listener = listener
        self._told: dict[str, float] = {}
        self._observing = ExitStack()

    def __call__(self, host: str, plain_http: bool | None = None) -> Registry:
        from reconciler.oci.client import Registry

        if plain_http is None and self._tls_at_home:
            plain_http = False
        with self._lock:
            if host not in self._clients:
                made = Registry(host, self._login, plain_http=plain_http, sleep=self._sleep, writes=self._writes)
                self._clients[host] = made
                self._observing.enter_context(made.observed(self._tell))
            return self._clients[host]

    def hush(self) -> None:
        """Tell the listener nothing more."""
        with self._lock:
            self._listener = None

    def _tell(self, retry: Retry) -> None:
        """Requests that fail side by side are told once."""
        from reconciler.acr.events import CallRetried

        with self._lock:
            now = monotonic()
            listener = self._listener if now - self._told.get(retry.host, -_ONCE_SECONDS) >= _ONCE_SECONDS else None
            if listener is not None:
                self._told[retry.host] = now
        if listener is not None:
            listener(CallRetried(retry.host, f"{retry.host}: {retry.reason}", retry.delay))

    def close(self) -> None:
        with self._lock:
            self._observing.close()
            for client in self._clients.values():
                client.close()
