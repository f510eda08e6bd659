"""What a failed reading means to the user: the same errors as below, with a next step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from reconciler.acr.errors import (
    AccessDenied,
    AcrError,
    ApiError,
    ClockSkewed,
    CredentialsMissing,
    NotFound,
    NotReady,
    Throttled,
    Unavailable,
    Unreachable,
)
from reconciler.live.port import ReadFailed
from reconciler.model.live import Cause, Unreadable
from reconciler.model.source import is_store
from reconciler.oci import errors as oci

R = TypeVar("R")

_ABOUT_MORE = re.compile(
    r"USER_NOT_EXIST|INSTANCE_NOT_EXISTS?|InvalidAccessKeyId.*|IncompleteSignature|SignatureDoesNotMatch.*"
    r"|InvalidSecurityToken.*"
)
"""Refusals that are about the access key, the account or the instance, and so about everything else that is asked."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what goes wrong below into ReadFailed about `what`."""
    try:
        yield
    except CredentialsMissing as error:
        raise ReadFailed(str(error)) from error
    except AcrError as error:
        raise ReadFailed(f"{what} could not be read: {error}", hint=_cloud_hint(error)) from error
    except oci.RegistryError as error:
        raise ReadFailed(f"{what} could not be read: {error}", hint=_registry_hint(error)) from error


def readable(call: Callable[[], R], refusals: tuple[type[ApiError], ...] = (AccessDenied, NotFound)) -> R | Unreadable:
    """The answer of `call` about one of many things, or why the service does not give that one, when that is one of
    `refusals`. Raises AcrError for everything else that can go wrong."""
    try:
        return call()
    except refusals as error:
        if _ABOUT_MORE.fullmatch(error.code):
            raise
        # Without the request id, which is another one each time, the same state is told in the same words.
        detail = f"{error.code}: {error.message}" if error.message else error.code
        return Unreadable(Cause.GONE if isinstance(error, NotFound) else Cause.DENIED, detail)


def unreadable(error: oci.RegistryError) -> Unreadable:
    """What an error that is about one image says of it."""
    match error:
        case oci.NotFound():
            cause = Cause.GONE
        case oci.RegistryDenied():
            cause = Cause.DENIED
        case oci.DigestMismatch():
            cause = Cause.DAMAGED
        case oci.RegistryBusy():
            cause = Cause.FAILING
        case _:
            cause = Cause.UNUSABLE
    return Unreadable(cause, error.message)


def _cloud_hint(error: AcrError) -> str:
    match error:
        case AccessDenied(code="USER_NOT_EXIST"):
            return "open Personal Edition in this region once with this account, or use the access key of its owner"
        case AccessDenied(code=code) if code.startswith(("InvalidAccessKeyId", "SignatureDoesNotMatch")):
            return "check the access key id and its secret"
        case AccessDenied(code=code) if code.startswith("InvalidSecurityToken"):
            return "the temporary credential has expired or is not whole; get a new one"
        case AccessDenied():
            return "grant the access key the policy `AliyunContainerRegistryReadOnlyAccess` or the action that it names"
        case ClockSkewed():
            return "set the clock of this machine, for example with NTP; the service accepts 15 min of difference"
        case NotReady():
            return "wait until the instance is RUNNING, then try again"
        case NotFound():
            return "it was deleted while it was read; try again"
        case Throttled():
            return "other programs use up the account's calls; try again later"
        case Unavailable():
            return "the service has a problem; try again later"
        case Unreachable(passing=False):
            return "trust the certificate's issuer (`SSL_CERT_FILE`), or check who answers there"
        case Unreachable():
            return "check the region's name, the network and `--endpoint-url`"
        case _:
            return "check `--endpoint-url`; if it is right, report what was answered"


def _registry_hint(error: oci.RegistryError) -> str:
    if is_store(error.host):
        return _store_hint(error)
    match error:
        case oci.ConnectionUnusable():
            return "correct what the message names; docs/registry-access.md has all of it"
        case oci.LoginRefused():
            return "correct what the message names, or log in again"
        case oci.RegistryDenied():
            return "check that the access key may pull, and that the registry's access list has this machine"
        case oci.RegistryUnreachable():
            return f"check that this machine reaches {error.host}: internet endpoint, VPC link or proxy"
        case oci.RegistryBusy():
            return "the registry is busy; try again later"
        case oci.NotFound():
            return "it was deleted while it was read; try again"
        case _:
            return "check the image at its source, then try again"


def _store_hint(error: oci.RegistryError) -> str:
    match error:
        case oci.RegistryDenied():
            return "check the credential and that it may list and read the bucket or the folder"
        case oci.NotFound():
            return "correct `bucket`, `prefix`, `endpoint` or `path` of the source"
        case oci.RegistryUnreachable() | oci.RegistryBusy():
            return f"check that this machine reaches {error.host}: endpoint, certificate or network"
        case _:
            return "check what is there, then try again"
