"""The transports of a run: one for each account, with the credential that the YAML or the environment leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.acr.accounts import DEFAULT, Accounts, Owners
from reconciler.acr.credentials import (
    Credential,
    CredentialSource,
    DefaultChain,
    EnvironmentKeys,
    Profile,
    StaticCredential,
)
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.events import CallListener, CallRecorder
from reconciler.acr.identity import assumed_role, federated
from reconciler.acr.sts import Sts
from reconciler.acr.transport import ANSWER_SECONDS, Transport, open_transport
from reconciler.model.spec import CloudAccount, Desired


@dataclass(frozen=True, slots=True)
class Opened:
    """A Caller for all accounts, the default one included, and the source of the default credentials."""

    caller: Accounts
    default: CredentialSource
    transports: list[Transport]

    def close(self) -> None:
        """End the connections; no call may follow."""
        for transport in self.transports:
            transport.close()


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens transports that all tell the same listeners. Each account has a pace of its own, as the service's limits
    are the account's."""

    endpoint: Endpoint
    environ: Mapping[str, str]
    listener: CallListener | None = None
    recorder: CallRecorder | None = None
    answer_seconds: float = ANSWER_SECONDS

    def accounts(self, declared: Iterable[CloudAccount], regions: Mapping[str, str], owners: Owners) -> Opened:
        """`regions` maps a region to the account that calls without an instance go to."""
        transports: list[Transport] = []
        default = self._default(transports)
        by_name = {DEFAULT: self._open(default, DEFAULT, transports)}
        for account in declared:
            source = self._source(account, default, transports)
            by_name[account.key] = self._open(source, account.key, transports)
        return Opened(Accounts(by_name, regions, owners), default, transports)

    def _source(self, account: CloudAccount, default: CredentialSource, opened: list[Transport]) -> CredentialSource:
        source: CredentialSource
        if account.environment is not None:
            by_token = federated(self.environ, self._keyless(account.key, opened), account.environment)
            source = EnvironmentKeys(self.environ, account.environment, by_token)
        elif account.profile is not None:
            source = Profile(account.profile)
        else:
            source = default
        if account.role is None:
            return source
        region = self.environ.get("ALIBABA_CLOUD_STS_REGION", "")
        return assumed_role(Sts(self._open(source, account.key, opened)), account.role, region=region)

    def _default(self, opened: list[Transport]) -> CredentialSource:
        return DefaultChain(self.environ, federated(self.environ, self._keyless(DEFAULT, opened)))

    def _keyless(self, account: str, opened: list[Transport]) -> Callable[[], Sts]:
        """For the one call that needs no key."""
        return lambda: Sts(self._open(StaticCredential(Credential("", "")), account, opened))

    def _open(self, source: CredentialSource, account: str, opened: list[Transport]) -> Transport:
        made = open_transport(
            self.endpoint,
            source,
            listener=self.listener,
            recorder=self.recorder,
            answer_seconds=self.answer_seconds,
            account=account,
        )
        opened.append(made)
        return made


def regions_of(desired: Desired) -> Mapping[str, str]:
    """Regions whose declared instances all belong to one account, and which."""
    owners: dict[str, set[str]] = {}
    for instance in desired.instances:
        owners.setdefault(instance.region, set()).add(instance.account)
    return {region: next(iter(found)) for region, found in owners.items() if len(found) == 1}
