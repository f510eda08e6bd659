"""The official SDKs as they are, one for each product, and what they get from the local cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from alibabacloud_tea_openapi.models import Config

from reconciler.emulator.server import LocalCloud
from tests.contract.operations.shape import Shape, shape_of


@dataclass(frozen=True, slots=True)
class Product:
    """`package` is what pip installs, with underscores."""

    package: str

    @property
    def actions(self) -> Mapping[str, str]:
        """The SDK's method of every action, by the action's name in lower case."""
        client = import_module(f"{self.package}.client").Client
        ending = "_with_options"
        methods = [name.removesuffix(ending) for name in dir(client) if name.endswith(ending)]
        return {name.replace("_", ""): name for name in methods}

    def call(self, cloud: LocalCloud, action: str, path: Sequence[str], fields: Mapping[str, object]) -> Any:
        """The body of the answer as it came, to a call that the SDK's own method for `action` made. `fields` have the
        names of the wire; `path` fills the path of a ROA call. Raises what the SDK raises."""
        key, secret = cloud.access_key
        client = import_module(f"{self.package}.client").Client(
            Config(
                access_key_id=key,
                access_key_secret=secret,
                region_id="cn-hangzhou",
                endpoint=cloud.endpoint.removeprefix("http://"),
                protocol="HTTP",
            )
        )
        bodies: list[Any] = []
        made = client.call_api

        def listen(params: Any, request: Any, runtime: Any) -> Any:
            # The SDK of Personal Edition asks for no body, although there is one.
            params.body_type = "json"
            answer = made(params, request, runtime)
            bodies.append(answer["body"])
            return answer

        client.call_api = listen
        kind = getattr(import_module(f"{self.package}.models"), f"{action}Request", None)
        request = [] if kind is None else [_request(kind, fields)]
        getattr(client, self.actions[action.lower()])(*path, *request)
        return bodies[0]

    def described(self, action: str) -> Shape | None:
        """What the SDK says that the answer holds; None when it says nothing."""
        model = getattr(import_module(f"{self.package}.models"), f"{action}ResponseBody", None)
        return None if model is None else shape_of(model)


def names(model: Any) -> Sequence[str]:
    """The names on the wire of the fields of a model."""
    shape = shape_of(model)
    return list(shape) if isinstance(shape, Mapping) else []


def _request(kind: Any, fields: Mapping[str, object]) -> Any:
    """`from_map` makes an empty list of every one that was not given, and the SDK would send it."""
    made = kind().from_map(dict(fields))
    for name in [name for name, value in vars(made).items() if value == []]:
        setattr(made, name, None)
    return made


CR = Product("alibabacloud_cr20181201")
CR_PERSONAL = Product("alibabacloud_cr20160607")
VPC = Product("alibabacloud_vpc20160428")
ECS = Product("alibabacloud_ecs20140526")
RAM = Product("alibabacloud_ram20150501")
BSS = Product("alibabacloud_bssopenapi20171214")
PRODUCTS = (CR, CR_PERSONAL, VPC, ECS, RAM, BSS)
