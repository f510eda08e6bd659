"""Calls over HTTPS: signed, paced, tried again where that is safe, and answered with a value or a typed error."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol
from urllib.parse import parse_qsl
from uuid import uuid4

import httpx

from reconciler import __version__
from reconciler.acr import signing
from reconciler.acr.answer import Answer
from reconciler.acr.credentials import Credential, CredentialSource
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import ApiError, MalformedAnswer, ProxyUnusable, Throttled, Unreachable, WriteRefused
from reconciler.acr.events import CallListener, CallMade, CallRecorder, CallRetried, CallThrottled
from reconciler.acr.outcome import field, read, unreachable
from reconciler.acr.pace import Pace
from reconciler.acr.request import FORM, Request
from reconciler.acr.retry import Backoff, harmless
from reconciler.acr.secrecy import public, secret_values, without

USER_AGENT = f"acr-reconciler/{__version__}"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
"""The slowest listings take a few seconds; the official libraries give up after ten."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a page of a listing has some tens of thousands."""

LOOPBACK_CALLS_PER_SECOND = 500.0
"""No account's limit is to be kept on the own machine; a runaway loop is still held back."""

LOOPBACK_BACKOFF = Backoff(first=0.1, cap=2.0)
"""Nobody else is to be spared there, either."""


class Caller(Protocol):
    """What a product needs of a transport."""

    def call(self, request: Request) -> Answer:
        """Raises AcrError."""


def now() -> datetime:
    return datetime.now(UTC)


def nonce() -> str:
    return uuid4().hex


def http_client(endpoint: Endpoint, answer_seconds: float = ANSWER_SECONDS) -> httpx.Client:
    """A client that verifies certificates and follows no redirect. Loopback is reached without the proxies that the
    environment names, and trusts what the system and SSL_CERT_FILE say, which httpx would not read then."""
    timeout = httpx.Timeout(answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds))
    if not endpoint.loopback:
        try:
            return httpx.Client(timeout=timeout, follow_redirects=False)
        except (ImportError, ValueError, httpx.InvalidURL):
            # The error can quote the address, which can hold a password.
            raise ProxyUnusable(
                "a proxy in the environment cannot be used: correct HTTPS_PROXY, HTTP_PROXY and ALL_PROXY to "
                "`http://host:port`, and NO_PROXY to a list of hosts"
            ) from None
    trusted = ssl.create_default_context() if endpoint.encrypted else True
    return httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False, verify=trusted)


class Transport:
    """Thread-safe. `calls` counts the HTTP requests sent, by action, tries included."""

    def __init__(
        self,
        client: httpx.Client,
        credentials: CredentialSource,
        *,
        endpoint: Endpoint | None = None,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
        listener: CallListener | None = None,
        recorder: CallRecorder | None = None,
        account: str = "",
        clock: Callable[[], datetime] = now,
        new_nonce: Callable[[], str] = nonce,
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._endpoint = endpoint or Endpoint()
        self._pace = pace or Pace()
        self._backoff = backoff or Backoff()
        self._listener = listener
        self._recorder = recorder
        self._account = account
        self._clock = clock
        self._new_nonce = new_nonce
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    def close(self) -> None:
        """End the connections; no call may follow."""
        self._client.close()

    @property
    def calls(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._calls)

    def call(self, request: Request) -> Answer:
        failed = 0
        while True:
            self._pace.wait()
            try:
                return self._once(request, failed + 1)
            except (ApiError, Unreachable) as error:
                failed += 1
                if self._backoff.exhausted(failed, error) or not harmless(error, repeatable=request.repeatable):
                    raise
                self._pause(request.action, error, failed)

    def _pause(self, action: str, error: ApiError | Unreachable, failed: int) -> None:
        delay = self._backoff.delay(failed, error.retry_after if isinstance(error, ApiError) else None)
        if self._listener is not None:
            throttled = isinstance(error, Throttled)
            self._listener(CallThrottled(action, delay) if throttled else CallRetried(action, str(error), delay))
        if isinstance(error, Throttled):
            # The limit is the account's, so every thread has to slow down, not only the one that was told.
            self._pace.hold(delay)
        else:
            self._pace.sleep(delay)

    def _once(self, request: Request, attempt: int) -> Answer:
        credential = self._credentials.credential() if request.signed else None
        message = self._message(request, credential)
        secrets = _secrets(credential, message)
        with self._lock:
            self._calls[request.action] += 1
        started, began = self._clock(), monotonic()
        made = CallMade(
            started,
            request.version.value,
            request.action,
            request.region,
            request.method,
            message.url.host,
            request.path,
            public(request.query, secrets),
            attempt,
            0.0,
            self._account,
        )
        try:
            response, body = self._send(message)
        except httpx.TransportError as error:
            failure = unreachable(request.action, message.url.host, error, proxied=self._proxied(message.url))
            self._record(replace(made, seconds=monotonic() - began, problem=without(failure.reason, secrets)))
            raise failure from error
        made = replace(made, seconds=monotonic() - began, status=response.status_code)
        try:
            answer = read(request.action, response, body, secrets, started)
        except ApiError as error:
            self._record(replace(made, code=error.code, request_id=error.request_id, problem=error.message))
            raise
        except MalformedAnswer:
            self._record(replace(made, problem="the answer cannot be read"))
            raise
        self._record(replace(made, code=field(answer, "Code"), request_id=field(answer, "RequestId")))
        return answer

    def _send(self, message: httpx.Request) -> tuple[httpx.Response, bytes]:
        """The answer and its body. The client's time to read is for each piece; here it is for all of them, too."""
        allowed = self._client.timeout.read
        deadline = monotonic() + (ANSWER_SECONDS if allowed is None else allowed)
        body = bytearray()
        response = self._client.send(message, stream=True)
        try:
            for piece in response.iter_bytes():
                body += piece
                if monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer does not end", request=message)
                if len(body) > LARGEST_ANSWER:
                    raise httpx.ReadError(f"the answer has more than {LARGEST_ANSWER} bytes", request=message)
        finally:
            response.close()
        return response, bytes(body)

    def _proxied(self, url: httpx.URL) -> bool:
        from urllib.request import getproxies, proxy_bypass

        return not self._endpoint.loopback and url.scheme in getproxies() and not proxy_bypass(url.host)

    def _record(self, made: CallMade) -> None:
        if self._recorder is not None:
            self._recorder(made)

    def _message(self, request: Request, credential: Credential | None) -> httpx.Request:
        base = httpx.URL(self._endpoint.base(request.version, request.region))
        headers = {
            "accept": "application/json",
            "host": base.netloc.decode("ascii"),
            "user-agent": USER_AGENT,
            "x-acs-action": request.action,
            "x-acs-content-sha256": signing.payload_hash(request.body),
            "x-acs-date": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._new_nonce(),
            "x-acs-version": request.version.value,
        }
        if request.region:
            headers["x-acs-region-id"] = request.region
        if request.body:
            headers["content-type"] = request.content_type
        path = base.path.rstrip("/") + request.path
        if credential is not None:
            if credential.security_token:
                headers["x-acs-accesskey-id"] = credential.access_key_id
                headers["x-acs-security-token"] = credential.security_token
            headers["authorization"] = signing.authorization(
                credential.access_key_id, credential.access_key_secret, request.method, path, request.query, headers
            )
        query = signing.canonical_query(request.query)
        url = base.copy_with(raw_path=f"{path}?{query}".encode() if query else path.encode())
        return self._client.build_request(request.method, url, headers=headers, content=request.body)


def open_transport(
    endpoint: Endpoint,
    credentials: CredentialSource,
    *,
    listener: CallListener | None = None,
    recorder: CallRecorder | None = None,
    answer_seconds: float = ANSWER_SECONDS,
    account: str = "",
) -> Transport:
    """The transport of a run, at the pace that suits its endpoint; `account` is what the log calls it."""
    client = http_client(endpoint, answer_seconds)
    if endpoint.loopback:
        pace, backoff = Pace(LOOPBACK_CALLS_PER_SECOND), LOOPBACK_BACKOFF
    else:
        pace, backoff = Pace(), Backoff()
    return Transport(
        client,
        credentials,
        endpoint=endpoint,
        pace=pace,
        backoff=backoff,
        listener=listener,
        recorder=recorder,
        account=account,
    )


class ReadOnlyTransport:
    """A transport that refuses, before anything is sent, every call that is not known to only read."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def call(self, request: Request) -> Answer:
        if not request.reads:
            raise WriteRefused(request.action)
        return self._transport.call(request)


def _secrets(credential: Credential | None, message: httpx.Request) -> tuple[str, ...]:
    """What nobody may read in a message or a log: keys, tokens, passwords, and the signature that was made."""
    form = message.content.decode() if message.headers.get("content-type") == FORM else ""
    named = secret_values((*parse_qsl(form), *message.url.params.multi_items()))
    if credential is None:
        return named
    signed = message.headers["authorization"].rpartition("Signature=")[2]
    return (credential.access_key_secret, credential.security_token, signed, *named)
