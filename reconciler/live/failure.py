"""What a failed reading means to the user: the same errors as below, with a next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.acr.errors import (
    AccessDenied,
    AcrError,
    CredentialsMissing,
    NotFound,
    NotReady,
    Throttled,
    Unavailable,
    Unreachable,
)
from reconciler.live.port import ReadFailed
from reconciler.oci import errors as oci


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
    match error:
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
