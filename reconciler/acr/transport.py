"""Calls over HTTPS: signed, paced, tried again where that is safe, and answered with a value or a typed error."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import httpx

from reconciler import __version__
from reconciler.acr import signing
from reconciler.acr.answer import Answer
from reconciler.acr.credentials import Credential, CredentialSource
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import ApiError, MalformedAnswer, Throttled, Unreachable, WriteRefused, refusal
from reconciler.acr.events import CallListener, CallRetried, CallThrottled
from reconciler.acr.pace import Pace
from reconciler.acr.request import Request
from reconciler.acr.retry import Backoff, harmless

USER_AGENT = f"acr-reconciler/{__version__}"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
"""The slowest listings take a few seconds; the official libraries give up after ten."""

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
    environment names."""
    timeout = httpx.Timeout(answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds))
    return httpx.Client(timeout=timeout, follow_redirects=False, trust_env=not endpoint.loopback)


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
        clock: Callable[[], datetime] = now,
        new_nonce: Callable[[], str] = nonce,
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._endpoint = endpoint or Endpoint()
        self._pace = pace or Pace()
        self._backoff = backoff or Backoff()
        self._listener = listener
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
                return self._once(request)
            except (ApiError, Unreachable) as error:
                failed += 1
                if self._backoff.exhausted(failed, error) or not harmless(error, reads=request.reads):
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

    def _once(self, request: Request) -> Answer:
        credential = self._credentials.credential()
        message = self._signed(request, credential)
        with self._lock:
            self._calls[request.action] += 1
        try:
            response = self._client.send(message)
        except httpx.TransportError as error:
            raise _unreachable(request.action, message.url.host, error) from error
        return _read(request.action, response, credential)

    def _signed(self, request: Request, credential: Credential) -> httpx.Request:
        base = httpx.URL(self._endpoint.base(request.version, request.region))
        headers = {
            "accept": "application/json",
            "host": base.netloc.decode("ascii"),
            "user-agent": USER_AGENT,
            "x-acs-action": request.action,
            "x-acs-content-sha256": signing.payload_hash(request.body),
            "x-acs-date": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-region-id": request.region,
            "x-acs-signature-nonce": self._new_nonce(),
            "x-acs-version": request.version.value,
        }
        if request.body:
            headers["content-type"] = "application/json; charset=utf-8"
        if credential.security_token:
            headers["x-acs-accesskey-id"] = credential.access_key_id
            headers["x-acs-security-token"] = credential.security_token
        path = base.path.rstrip("/") + request.path
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
    answer_seconds: float = ANSWER_SECONDS,
) -> Transport:
    """The transport of a run, at the pace that suits its endpoint."""
    client = http_client(endpoint, answer_seconds)
    if endpoint.loopback:
        pace, backoff = Pace(LOOPBACK_CALLS_PER_SECOND), LOOPBACK_BACKOFF
    else:
        pace, backoff = Pace(), Backoff()
    return Transport(client, credentials, endpoint=endpoint, pace=pace, backoff=backoff, listener=listener)


class ReadOnlyTransport:
    """A transport that refuses, before anything is sent, every call that is not known to only read."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    def call(self, request: Request) -> Answer:
        if not request.reads:
            raise WriteRefused(request.action)
        return self._transport.call(request)


def _unreachable(action: str, host: str, error: httpx.TransportError) -> Unreachable:
    sent = not isinstance(
        error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
    )
    reason = str(error) or type(error).__name__
    return Unreachable(action, host, reason, sent=sent, passing=not _distrusted(error))


def _distrusted(error: BaseException | None) -> bool:
    """Whether a certificate was refused, which no second try changes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _read(action: str, response: httpx.Response, credential: Credential) -> Answer:
    """The answer, or the error that it stands for: a refusal can come with any status, 200 included."""
    try:
        answer = Answer.parse(action, response.content)
    except MalformedAnswer:
        if response.is_success:
            raise
        answer = Answer(action, {})
    # Container Registry says `IsSuccess`, the billing API `Success`.
    refused = any(answer.has(key) and not answer.flag(key) for key in ("IsSuccess", "Success"))
    if response.is_success and not refused:
        return answer
    raise refusal(
        action,
        _field(answer, "Code") or f"HTTP {response.status_code}",
        _without_secrets(_field(answer, "Message"), credential),
        request_id=_field(answer, "RequestId"),
        status=response.status_code,
        retry_after=_retry_after(response),
    )


def _field(answer: Answer, name: str) -> str:
    """The two generations of the API spell the fields of errors with a big and with a small first letter."""
    for key in (name, name[0].lower() + name[1:]):
        value = answer.data.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def _retry_after(response: httpx.Response) -> float | None:
    """`x-acs-retry-after` counts in milliseconds, as the official libraries read it."""
    text = response.headers.get("x-acs-retry-after", "")
    return int(text) / 1000 if text.isdecimal() else None


def _without_secrets(text: str, credential: Credential) -> str:
    """A refused signature's message quotes the request that the service saw."""
    for secret in (credential.access_key_secret, credential.security_token):
        if secret:
            text = text.replace(secret, "***")
    return text
