"""Every operation that the tool uses, driven through the official SDKs: what the local cloud answers has the fields and
the types of the SDKs' models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler.acr
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired
from tests.contract.operations import OPERATIONS
from tests.contract.operations.official import CR, PRODUCTS
from tests.contract.operations.shape import Shape, differences
from tests.contract.operations.stage import Operation, Stage

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_answer_is_what_the_sdk_describes(seed: Desired, operation: Operation) -> None:
    described = operation.documented or operation.product.described(operation.action)
    assert described is not None, "the SDK has no model of this answer; give the row its `documented` shape"

    with LocalCloud.start(seed, speed=operation.speed) as cloud:
        fields = operation.fields(Stage(cloud))
        answer = operation.product.call(cloud, operation.action, operation.path, fields)

    assert differences(answer, described, operation.omits) == []
    assert answer.get("IsSuccess", True) is True


def test_every_operation_that_the_tool_uses_is_in_the_table() -> None:
    known = {action for product in PRODUCTS for action in product.actions}
    used = {
        text for text in _texts(Path(reconciler.acr.__file__).parent) if text.lower() in known and text[0].isupper()
    }

    assert used - {operation.action for operation in OPERATIONS} == set()
    assert len({(operation.product, operation.action) for operation in OPERATIONS}) == len(OPERATIONS)


def _texts(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value


_SHAPE: Shape = {"Name": str, "Count": int, "Items": [{"Id": str, "Size": int}]}


@pytest.mark.parametrize(
    ("answer", "omits", "found"),
    [
        ({"Name": "a", "Count": 1, "Items": [{"Id": "1"}, {"Size": 1}]}, (), []),
        (
            {"Name": "a", "Count": "1", "Items": []},
            (),
            ["Count: str instead of int", "Items.Id: missing", "Items.Size: missing"],
        ),
        (
            {"Name": "a", "Count": True, "Items": {}},
            ("Items.*",),
            ["Count: bool instead of int", "Items: dict instead of a list"],
        ),
        ({"Name": "a", "Total": 1}, ("Count", "Items"), ["Total: unknown"]),
        ({"Name": "a", "Count": 1}, ("Items", "Name"), ["Name: omitted for nothing"]),
    ],
)
def test_differences_are_told(answer: object, omits: tuple[str, ...], found: list[str]) -> None:
    assert differences(answer, _SHAPE, omits) == found


def test_the_shape_of_a_model_has_the_names_of_the_wire() -> None:
    assert CR.described("GetNamespace") == {
        "AutoCreateRepo": bool,
        "Code": str,
        "DefaultRepoConfiguration": {
            "ArtifactBuildRuleParameters": {"ImageIndexOnly": bool},
            "RepoType": str,
            "TagImmutability": bool,
        },
        "DefaultRepoType": str,
        "InstanceId": str,
        "IsSuccess": bool,
        "NamespaceId": str,
        "NamespaceName": str,
        "NamespaceStatus": str,
        "RequestId": str,
        "ResourceGroupId": str,
    }
