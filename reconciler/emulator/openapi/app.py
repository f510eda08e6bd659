"""The OpenAPI endpoint: one address for every product, told apart by version and action."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from reconciler.emulator.call_faults import CallFault
from reconciler.emulator.cloud import Cloud
from reconciler.emulator.identifiers import request_id
from reconciler.emulator.openapi import (
    billing,
    builds,
    ecs,
    endpoints,
    faults,
    instances,
    namespaces,
    personal,
    ram,
    repositories,
    resource_tags,
    sts,
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
STS = "2015-04-01"
_READS = ("Get", "List", "Query", "Describe")

_PRODUCTS: Mapping[str, Mapping[str, Operation]] = {
    BILLING: billing.OPERATIONS,
    ENTERPRISE: {
        **instances.OPERATIONS,
        **endpoints.OPERATIONS,
        **namespaces.OPERATIONS,
        **repositories.OPERATIONS,
        **builds.OPERATIONS,
        **repo_tags.OPERATIONS,
        **sync_rules.OPERATIONS,
        **sync_tasks.OPERATIONS,
        **resource_tags.OPERATIONS,
    },
    "2016-04-28": vpc.OPERATIONS,
    "2014-05-26": ecs.OPERATIONS,
    "2015-05-01": ram.OPERATIONS,
    STS: sts.OPERATIONS,
}
"""What is called RPC style: operations by action, by the version that tells the products apart."""

_GOOD: Mapping[str, Payload] = {
    BILLING: {"Code": "Success", "Message": "Successful!", "Success": True},
    ENTERPRISE: {"Code": "success", "IsSuccess": True},
}
"""What every answer says when all went well, by version."""

_ANSWERED_BARE = frozenset(resource_tags.OPERATIONS)
"""Operations whose answers say so by nothing but their HTTP status."""


_FAILED = Refused("SystemError", "Unknown error.", 500)
_THROTTLED = Refused("Throttling.User", "Request was denied due to user flow control.", 400)
_FAULTS_BEFORE: Mapping[CallFault | None, Refused] = {
    CallFault.THROTTLED: _THROTTLED,
    CallFault.FAILED: _FAILED,
}
_RETRY_AFTER_MS = "200"


class OpenApi:
    """An ASGI application. Parameters come from query and form; the region from `x-acs-region-id` or `RegionId`."""

    def __init__(self, cloud: Cloud, hang_up: Callable[[tuple[str, int]], None]) -> None:
        """`hang_up` cuts the connection to a client off, host and port."""
        self._cloud = cloud
        self._hang_up = hang_up
        self._signatures = SignatureCheck(cloud.access_key, cloud.temporary_keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path == faults.PATH:
            response = await faults.answer(request, self._cloud.replication.faults, self._cloud.weather)
            await response(scope, receive, send)
            return
        fault = self._cloud.weather.draw()
        await asyncio.sleep(self._cloud.weather.faults.latency)
        response = await self._answer(request, fault)
        if fault is CallFault.LOST and request.client is not None:
            self._hang_up((request.client.host, request.client.port))
            await receive()  # until the server has noticed
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, fault: CallFault | None) -> JSONResponse:
        identity = request_id()
        version, action = request.headers.get("x-acs-version", ""), request.headers.get("x-acs-action", "")
        try:
            signed = await _as_signed(request)
            parameters = Parameters(dict((*parse_qsl(signed.query, keep_blank_values=True), *signed.form)))
            version = version or parameters.text("Version")
            action = action or parameters.text("Action")
            self._cloud.requests["openapi", action or request.url.path] += 1
            if not (version == STS and action in sts.UNSIGNED):
                self._signatures.check(signed)
            if fault in _FAULTS_BEFORE:
                raise _FAULTS_BEFORE[fault]
            region = request.headers.get("x-acs-region-id") or parameters.text("RegionId") or None
            if version == PERSONAL or (not version and signed.path != "/"):
                answer = await self._personal(signed, parameters, region)
                payload: Payload = {"requestId": identity, **answer}
            else:
                answer = await self._rpc(version, action, parameters, region)
                good = {} if action in _ANSWERED_BARE else _GOOD.get(version, {})
                payload = {"RequestId": identity, **good, **answer}
        except Refused as refusal:
            return self._refused(refusal, identity, version, request)
        except httpx.HTTPError as failure:
            unreachable = Refused("SystemError", f"a registry does not answer: {type(failure).__name__}", 500)
            return self._refused(unreachable, identity, version, request)
        if fault is CallFault.FAILED_AFTER:
            return self._refused(_FAILED, identity, version, request)
        return JSONResponse(payload)

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
        headers = {"x-acs-retry-after": _RETRY_AFTER_MS} if refusal is _THROTTLED else None
        if version == PERSONAL:
            told: Payload = {"requestId": identity, "code": refusal.code, "message": refusal.message}
            return JSONResponse(told, status_code=refusal.status or 400, headers=headers)
        answer: Payload = {"RequestId": identity, "Code": refusal.code, "Message": refusal.message}
        if refusal.status is None:
            name = "Success" if version == BILLING else "IsSuccess"
            return JSONResponse({**answer, name: False}, status_code=self._cloud.policy.business_status)
        host = request.headers.get("host", "")
        body: Payload = {**answer, "HostId": host, "Recommend": ""}
        return JSONResponse(body, status_code=refusal.status, headers=headers)


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
