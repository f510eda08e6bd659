"""What can go wrong with the OpenAPI, by what the caller can do about it.

AcrError                         anything below
├── CredentialsMissing           no access key was found; configure one
│   └── CredentialsUnusable      one was found that is none; set it anew
├── ProxyUnusable                the environment names a proxy that cannot be used; correct it
├── WriteRefused                 a writing call in a read-only run; never sent
├── Unreachable                  no answer; a call that was sent may have happened
├── MalformedAnswer              an answer that cannot be read; a call that was sent may have happened
└── ApiError                     the service said no
    ├── Throttled                too many calls; nothing happened, try again later
    ├── Unavailable              a fault of the service; it may have happened all the same, so look before trying again
    ├── NotReady                 the instance is not running yet (or any more)
    ├── ClockSkewed              the clock of this machine is wrong, so its signatures are not accepted
    ├── AccessDenied             the access key may not do that, or is not valid
    ├── NotFound                 what the call names is not there
    └── Conflict                 what the call creates is there already
"""

from __future__ import annotations

import re


class AcrError(Exception):
    pass


class CredentialsMissing(AcrError):
    pass


class CredentialsUnusable(CredentialsMissing):
    pass


class ProxyUnusable(AcrError):
    pass


class WriteRefused(AcrError):
    def __init__(self, action: str) -> None:
        super().__init__(f"`{action}` would write, and this run only reads")
        self.action = action


class Unreachable(AcrError):
    """`sent` is false when no connection came about, which proves that the call did not happen. `passing` is false for
    a cause that stays, such as a certificate that is not trusted."""

    def __init__(self, action: str, host: str, reason: str, *, sent: bool, passing: bool = True) -> None:
        super().__init__(f"`{action}`: no answer from {host}: {reason}")
        self.action = action
        self.host = host
        self.reason = reason
        self.sent = sent
        self.passing = passing


class MalformedAnswer(AcrError):
    pass


class ApiError(AcrError):
    """`status` is the HTTP status, which is 200 for many a refusal; `retry_after` is in seconds."""

    def __init__(
        self, action: str, code: str, message: str, *, request_id: str, status: int, retry_after: float | None = None
    ) -> None:
        text = f"`{action}` was refused: {code}: {message}" if message else f"`{action}` was refused: {code}"
        super().__init__(f"{text} (request id {request_id})" if request_id else text)
        self.action = action
        self.code = code
        self.message = message
        self.request_id = request_id
        self.status = status
        self.retry_after = retry_after


class Throttled(ApiError):
    pass


class Unavailable(ApiError):
    pass


class NotReady(ApiError):
    pass


class ClockSkewed(ApiError):
    """`ahead` is by how many seconds this machine's clock is ahead of the service's (negative: behind), when the answer
    told the service's time."""

    ahead: float | None = None

    def __str__(self) -> str:
        text = super().__str__()
        if self.ahead is None:
            return text
        minutes, direction = abs(self.ahead) / 60, "ahead of" if self.ahead > 0 else "behind"
        return f"{text}; the clock of this machine is {minutes:.0f} min {direction} the service's"


class AccessDenied(ApiError):
    pass


class NotFound(ApiError):
    pass


class Conflict(ApiError):
    pass


_BY_CODE: tuple[tuple[re.Pattern[str], type[ApiError]], ...] = (
    (re.compile(r".*Throttling.*|.*QPS Limit Exceeded.*"), Throttled),
    # A caller without an initialised Personal Edition is told that it does not exist itself.
    (re.compile(r"NoPrivilege|NoPermission|Forbidden.*|USER_NOT_EXIST"), AccessDenied),
    (
        re.compile(r"SignatureDoesNotMatch|IncompleteSignature|InvalidAccessKeyId.*|InvalidSecurityToken.*"),
        AccessDenied,
    ),
    (re.compile(r"ServiceUnavailable|SystemError|InternalError|SLB_SERVICE_ERROR"), Unavailable),
    (re.compile(r"INSTANCE_STATUS_NOT_SUPPORT"), NotReady),
    (re.compile(r"InvalidTimeStamp\..*|IllegalTimestamp"), ClockSkewed),
    # The last two are the words of ECS and RAM.
    (re.compile(r".*_NOT_EXISTS?|Invalid(?!Action).*\.NotFound|EntityNotExist\..*"), NotFound),
    # No source lists the codes of conflicts; they are told by their ending.
    (re.compile(r".*_ALREADY_EXISTS?|.*_EXISTS?|EntityAlreadyExists\..*|InvalidPermission\.Duplicate"), Conflict),
)
"""The first match counts."""

_SERVER_FAULT = re.compile(r"code: 5\d\d")


def refusal(
    action: str, code: str, message: str, *, request_id: str, status: int, retry_after: float | None = None
) -> ApiError:
    """The error for a refusal, told by its code first and by its HTTP status when the code says nothing."""
    kind = next((kind for pattern, kind in _BY_CODE if pattern.fullmatch(code)), None)
    if kind is None:
        kind = _by_status(status, message, retry_after)
    return kind(action, code, message, request_id=request_id, status=status, retry_after=retry_after)


def _by_status(status: int, message: str, retry_after: float | None) -> type[ApiError]:
    if status == 429 or retry_after is not None or "QPS Limit Exceeded" in message:
        return Throttled
    if status >= 500 or _SERVER_FAULT.match(message):
        return Unavailable
    if status in (401, 403):
        return AccessDenied
    return ApiError
