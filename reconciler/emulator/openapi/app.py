"""The OpenAPI endpoint: one address for every product, told apart by version and action."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from reconciler.emulator.cloud import Cloud
from reconciler.emulator.identifiers import request_id
from reconciler.emulator.openapi import (
    billing,
    ecs,
    endpoints,
    faults,
    instances,
    namespaces,
    personal,
    ram,
    repositories,
    resource_tags,
    sync_rules,
    sync_tasks,
    vpc,
)
from reconciler.emulator.openapi import tags as repo_tags
from reconciler.emulator.openapi.call import Call, Operation, Parameters, Payload
from reconciler.emulator.openapi.signature import SignatureCheck, SignedRequest
from reconciler.emulator.refusal import Refused
from reconciler.model.json_value import Json

BILLING = "2017-12-14"
ENTERPRISE = "2018-12-01"
PERSONAL = "2016-06-07"
_READS = ("Get", "List", "Query", "Describe")

_PRODUCTS: Mapping[str, Mapping[str, Operation]] = {
    BILLING: billing.OPERATIONS,
    ENTERPRISE: {
        **instances.OPERATIONS,
        **endpoints.OPERATIONS,
        **namespaces.OPERATIONS,
        **repositories.OPERATIONS,
        **repo_tags.OPERATIONS,
        **sync_rules.OPERATIONS,
        **sync_tasks.OPERATIONS,
        **resource_tags.OPERATIONS,
    },
    "2016-04-28": vpc.OPERATIONS,
    "2014-05-26": ecs.OPERATIONS,
    "2015-05-01": ram.OPERATIONS,
}
"""What is called RPC style: operations by action, by the version that tells the products apart."""

_GOOD: Mapping[str, Payload] = {
    BILLING: {"Code": "Success", "Message": "Successful!", "Success": True},
    ENTERPRISE: {"Code": "success", "IsSuccess": True},
}
"""What every answer says when all went well, by version."""

_ANSWERED_BARE = frozenset(resource_tags.OPERATIONS)
"""Operations whose answers say so by nothing but their HTTP status."""


class OpenApi:
    """An ASGI application. Parameters come from query and form; the region from `x-acs-region-id` or `RegionId`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._signatures = SignatureCheck(cloud.access_key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path == faults.PATH:
            response = await faults.answer(request, self._cloud.replication.faults)
            await response(scope, receive, send)
            return
        identity = request_id()
        version, action = request.headers.get("x-acs-version", ""), request.headers.get("x-acs-action", "")
        try:
            signed = await _as_signed(request)
            parameters = Parameters(dict((*parse_qsl(signed.query, keep_blank_values=True), *signed.form)))
            version = version or parameters.text("Version")
            action = action or parameters.text("Action")
            self._cloud.requests["openapi", action or request.url.path] += 1
            self._signatures.check(signed)
            region = request.headers.get("x-acs-region-id") or parameters.text("RegionId") or None
            if version == PERSONAL or (not version and signed.path != "/"):
                answer = await self._personal(signed, parameters, region)
                payload: Payload = {"requestId": identity, **answer}
            else:
                answer = await self._rpc(version, action, parameters, region)
                good = {} if action in _ANSWERED_BARE else _GOOD.get(version, {})
                payload = {"RequestId": identity, **good, **answer}
        except Refused as refusal:
            response = self._refused(refusal, identity, version, request)
        except httpx.HTTPError as failure:
            unreachable = Refused("SystemError", f"a registry does not answer: {type(failure).__name__}", 500)
            response = self._refused(unreachable, identity, version, request)
        else:
            response = JSONResponse(payload)
        await response(scope, receive, send)

    async def _rpc(self, version: str, action: str, parameters: Parameters, region: str | None) -> Payload:
        operation = _PRODUCTS.get(version, {}).get(action)
        if operation is None:
            message = f"Specified api is not found: {version} {action}"
            raise Refused("InvalidAction.NotFound", message, 404)
        answer = await _run(operation, Call(self._cloud, parameters, region))
        if not action.startswith(_READS):
            self._cloud.changed()
        return answer

    async def _personal(self, signed: SignedRequest, parameters: Parameters, region: str | None) -> Payload:
        found = personal.route(signed.method, signed.path)
        if found is None:
            raise Refused("InvalidAction.NotFound", f"no such method and path: {signed.method} {signed.path}", 404)
        body: Json = None
        if signed.body:
            try:
                body = json.loads(signed.body)
            except ValueError:
                raise Refused("REQUEST_BODY_FORMAT_INVALID", "the body is not JSON", 400) from None
        operation, path = found
        answer = await _run(operation, Call(self._cloud, parameters, region, path, body))
        if signed.method != "GET":
            self._cloud.changed()
        return answer

    def _refused(self, refusal: Refused, identity: str, version: str, request: Request) -> JSONResponse:
        if version == PERSONAL:
            status = refusal.status or 400
            return JSONResponse(
                {"requestId": identity, "code": refusal.code, "message": refusal.message}, status_code=status
            )
        answer: Payload = {"RequestId": identity, "Code": refusal.code, "Message": refusal.message}
        if refusal.status is None:
            told = "Success" if version == BILLING else "IsSuccess"
            return JSONResponse({**answer, told: False}, status_code=self._cloud.policy.business_status)
        host = request.headers.get("host", "")
        return JSONResponse({**answer, "HostId": host, "Recommend": ""}, status_code=refusal.status)


async def _run(operation: Operation, call: Call) -> Payload:
    answer = operation(call)
    return await answer if inspect.isawaitable(answer) else answer


async def _as_signed(request: Request) -> SignedRequest:
    body = await request.body()
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    raw_path: bytes = request.scope["raw_path"]
    return SignedRequest(
        method=request.method,
        path=raw_path.decode("ascii"),
        query=request.url.query,
        headers=dict(request.headers),
        body=body,
        form=parse_qsl(body.decode(), keep_blank_values=True) if is_form else (),
    )
