from __future__ import annotations

import pytest

from reconciler.acr.errors import (
    AccessDenied,
    ApiError,
    Conflict,
    NotFound,
    NotReady,
    Throttled,
    Unavailable,
    refusal,
)


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        ("Throttling", 400, "", Throttled),
        ("Throttling.User", 403, "", Throttled),
        ("Rejected.Throttling", 503, "", Throttled),
        ("Unknown", 429, "", Throttled),
        ("Unknown", 400, "QPS Limit Exceeded", Throttled),
        ("ServiceUnavailable", 503, "", Unavailable),
        ("SystemError", 500, "Unknown error.", Unavailable),
        ("SLB_SERVICE_ERROR", 400, "", Unavailable),
        ("HTTP 502", 502, "", Unavailable),
        ("Unknown", 400, "code: 503, service is busy", Unavailable),
        ("INSTANCE_STATUS_NOT_SUPPORT", 200, "", NotReady),
        ("NoPrivilege", 403, "Access denied for this user.", AccessDenied),
        ("SignatureDoesNotMatch", 400, "", AccessDenied),
        ("InvalidAccessKeyId.NotFound", 404, "", AccessDenied),
        ("InvalidSecurityToken.Expired", 400, "", AccessDenied),
        ("USER_NOT_EXIST", 404, "user is not exist.", AccessDenied),
        ("Unknown", 403, "", AccessDenied),
        ("INSTANCE_NOT_EXIST", 200, "", NotFound),
        ("NAMESPACE_NOT_EXIST", 400, "", NotFound),
        ("INSTANCE_ACCESS_NOT_EXIST", 200, "", NotFound),
        ("NAMESPACE_ALREADY_EXIST", 200, "", Conflict),
        ("REPO_ALREADY_EXISTS", 400, "", Conflict),
        ("MissingInstanceId", 400, "", ApiError),
        ("InvalidAction.NotFound", 404, "", ApiError),
    ],
)
def test_refusals_are_told_apart_by_what_can_be_done(
    code: str, status: int, message: str, kind: type[ApiError]
) -> None:
    assert type(refusal("GetInstance", code, message, request_id="R", status=status)) is kind


def test_the_text_has_what_support_asks_for() -> None:
    error = refusal("GetInstance", "NoPrivilege", "Access denied.", request_id="1-2-3", status=403)
    assert str(error) == "`GetInstance` was refused: NoPrivilege: Access denied. (request id 1-2-3)"
