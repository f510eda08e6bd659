"""Every request that the clients can send, with arguments of any kind: the official library signs it alike, and the
official SDKs know every parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from inspect import getmembers, isfunction
from types import SimpleNamespace
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import httpx
import pytest
from alibabacloud_tea_openapi.utils import Utils
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.acr import signing
from reconciler.acr.bss import Bss
from reconciler.acr.cr import Cr
from reconciler.acr.cr_personal import CrPersonal
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.ecs import Ecs
from reconciler.acr.errors import AcrError
from reconciler.acr.pace import Pace
from reconciler.acr.ram import Ram
from reconciler.acr.request import Version
from reconciler.acr.retry import Backoff
from reconciler.acr.transport import Transport
from reconciler.acr.vpc import VpcProduct
from reconciler.model.billing import Offer
from reconciler.model.network import Home
from tests.contract.operations import official

_PRODUCTS: Mapping[type, official.Product] = {
    Cr: official.CR,
    CrPersonal: official.CR_PERSONAL,
    Bss: official.BSS,
    VpcProduct: official.VPC,
    Ecs: official.ECS,
    Ram: official.RAM,
}
_REGIONS = st.sampled_from(["cn-hangzhou", "eu-central-1", "cn-hangzhou-finance"])
_KEYS = st.sampled_from(
    [
        Credential("LTAI5tExampleAccessKeyId", "ExampleAccessKeySecret0123456789"),
        Credential("STS.NUExample", "ExampleAccessKeySecret0123456789", "CAIS+example/token==%20~'()*!"),
    ]
)


_OLDER = frozenset({"GetRepoSourceRepo"})
"""What only older libraries know; the client does without an answer to it."""


def _methods() -> Iterator[Any]:
    for kind in _PRODUCTS:
        for name, method in getmembers(kind, isfunction):
            if not name.startswith("_"):
                yield pytest.param(kind, method, id=f"{kind.__name__}.{name}")


st.register_type_strategy(Offer, st.builds(Offer, region=_REGIONS))
st.register_type_strategy(Home, st.builds(Home, region=_REGIONS, account=st.just("")))

_NAMED: Mapping[str, st.SearchStrategy[object]] = {
    "region": _REGIONS,
    "limit": st.none() | st.integers(0, 200),
    # A path cannot hold a segment of dots alone, and no name is one.
    "name": st.text().map("x{}".format),
    "namespace": st.text().map("x{}".format),
    "repository": st.text().map("apps/x{}".format),
}


def _arguments(method: Callable[..., object]) -> st.SearchStrategy[dict[str, Any]]:
    """Anything that the annotations allow; what the spec checks before it gets here is only what passes there."""
    hints = {name: hint for name, hint in get_type_hints(method).items() if name != "return"}
    return st.fixed_dictionaries(
        {name: _NAMED[name] if name in _NAMED else st.from_type(hint) for name, hint in hints.items()}
    )


@settings(max_examples=15)
@given(data=st.data())
@pytest.mark.parametrize(("kind", "method"), list(_methods()))
def test_the_official_library_would_have_sent_the_same(
    kind: type, method: Callable[..., object], data: st.DataObject
) -> None:
    credential = data.draw(_KEYS)
    sent: list[httpx.Request] = []

    def listen(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"IsSuccess": True, "Code": "success", "TotalCount": 0})

    with httpx.Client(transport=httpx.MockTransport(listen)) as client:
        transport = Transport(
            client,
            StaticCredential(credential),
            pace=Pace(1000.0, 1000, clock=lambda: 0.0, sleep=lambda _: None),
            backoff=Backoff(tries=1),
        )
        with suppress(AcrError):  # what was answered is no answer to most
            result = method(kind(transport), **data.draw(_arguments(method)))
            if isinstance(result, Iterator):
                list(result)

    for request in sent:
        _accept(request, credential)
        assert _unknown(_PRODUCTS[kind], request) == set()


def _accept(request: httpx.Request, credential: Credential) -> None:
    """As the service checks a signature: made again from what came, of the headers that it says it covers."""
    authorization = request.headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    received = SimpleNamespace(
        method=request.method,
        pathname=request.url.raw_path.partition(b"?")[0].decode(),
        query=dict(
            parse_qsl(request.url.query.decode(), keep_blank_values=True, strict_parsing=bool(request.url.query))
        ),
        headers={name: request.headers[name] for name in names},
    )
    payload = signing.payload_hash(request.content)
    assert request.headers["x-acs-content-sha256"] == payload
    assert bool(credential.security_token) == ("x-acs-security-token" in names)
    key, secret = credential.access_key_id, credential.access_key_secret
    assert Utils.get_authorization(received, signing.ALGORITHM, payload, key, secret) == authorization


def _unknown(product: official.Product, request: httpx.Request) -> set[str]:
    """Parameters that the SDK's model of the request does not have."""
    action = request.headers["x-acs-action"]
    assert action.lower() in product.actions or action in _OLDER
    assert request.headers["x-acs-version"] in set(Version)
    model = getattr(import_module(f"{product.package}.models"), f"{action}Request", None)
    known = set() if model is None else set(official.names(model))
    return {name.partition(".")[0] for name in dict(parse_qsl(request.url.query.decode()))} - known
