"""Security tokens: temporary access keys for a role, and who the caller is."""

from __future__ import annotations

import re

from reconciler.emulator.openapi.call import Call, Operation, Payload, invalid
from reconciler.emulator.refusal import Refused
from reconciler.emulator.temporary_keys import TemporaryKey

_ROLE = re.compile(r"acs:ram::\d+:role/[\w.-]{1,64}")
_PROVIDER = re.compile(r"acs:ram::\d+:oidc-provider/[\w.-]{1,128}")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
_SHORTEST, _USUAL, _LONGEST = 900, 3600, 43200

UNSIGNED = frozenset({"AssumeRoleWithOIDC"})
"""What a caller without any key may call."""


def assume_role(call: Call) -> Payload:
    return _assumed(call)


def assume_role_with_oidc(call: Call) -> Payload:
    """Takes any token that has the form of one: nobody vouches for anybody in the local cloud."""
    if not _PROVIDER.fullmatch(call.parameters.required("OIDCProviderArn")):
        raise invalid("OIDCProviderArn", call.parameters.text("OIDCProviderArn"))
    if not _JWT.fullmatch(call.parameters.required("OIDCToken")):
        raise Refused("AuthenticationFail.OIDCToken.Invalid", "The OIDC token is not valid.", 400)
    return {**_assumed(call), "OIDCTokenInfo": {"Subject": "emulator", "Issuer": "https://emulator.invalid"}}


def get_caller_identity(call: Call) -> Payload:
    user = call.cloud.account.user_id
    return {
        "AccountId": user,
        "Arn": f"acs:ram::{user}:root",
        "IdentityType": "Account",
        "PrincipalId": user,
        "UserId": user,
    }


def _assumed(call: Call) -> Payload:
    role, session = call.parameters.required("RoleArn"), call.parameters.required("RoleSessionName")
    if not _ROLE.fullmatch(role):
        raise invalid("RoleArn", role)
    seconds = call.parameters.integer("DurationSeconds", _USUAL, low=_SHORTEST, high=_LONGEST)
    user = {
        "Arn": f"{role.replace(':role/', ':assumed-role/')}/{session}",
        "AssumedRoleId": f"300000000000001:{session}",
    }
    return {"AssumedRoleUser": user, "Credentials": _shown(call.cloud.temporary_keys.issue(seconds))}


def _shown(key: TemporaryKey) -> Payload:
    return {
        "AccessKeyId": key.key_id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.token,
        "Expiration": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


OPERATIONS: dict[str, Operation] = {
    "AssumeRole": assume_role,
    "AssumeRoleWithOIDC": assume_role_with_oidc,
    "GetCallerIdentity": get_caller_identity,
}
