"""The schema is valid, and allows what the program allows."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from reconciler.spec.quantities import share, size
from reconciler.spec.schema import schema_names, schema_text, violations


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text("spec.v1")))


def test_names_and_texts() -> None:
    assert "spec.v1" in schema_names()
    with pytest.raises(KeyError):
        schema_text("../pyproject")


@pytest.mark.parametrize(
    "data", [{"version": 1}, {"version": 1, "instances": {"hub": {"region": "cn-hangzhou"}}}, {}, {"version": 2}]
)
def test_references_written_out_mean_the_same(data: dict[str, object]) -> None:
    plain = Draft202012Validator(json.loads(schema_text("spec.v1")))
    assert bool(list(violations(json.loads(json.dumps(data))))) == (not plain.is_valid(data))


def test_shares_and_sizes() -> None:
    assert (share("10%"), share("0%"), share("2.5%")) == (0.1, 0.0, 0.025)
    assert [size(text) for text in ("7B", "1kB".upper(), "2TiB", "1.5 MB", "0.5KiB")] == [
        7,
        1000,
        2 * 1024**4,
        1_500_000,
        512,
    ]
    for text in ("10", "x%", "1iB", "TiB", "1.5XB"):
        with pytest.raises(ValueError, match=r"not a"):
            size(text)
    with pytest.raises(ValueError, match="not a share"):
        share("10")
