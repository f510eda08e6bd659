from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from reconciler.model.json_value import Json, Parts, canonical, digest_of, digest_of_parts, pretty, whole


def test_the_same_value_has_the_same_text_and_digest() -> None:
    one: Json = {"b": [1, {"d": None, "c": "é"}], "a": True}
    other: Json = {"a": True, "b": [1, {"c": "é", "d": None}]}
    assert canonical(one) == '{"a":true,"b":[1,{"c":"é","d":null}]}' == canonical(other)
    assert digest_of(one) == digest_of(other) != digest_of({"a": True})
    # The text above through coreutils' sha256sum.
    assert digest_of(one) == "sha256:e743b072f3026acaf46c4b6c3757c14718c11f58222f87358f43e8877c41710a"


def test_lists_keep_their_order() -> None:
    assert digest_of([1, 2]) != digest_of([2, 1])


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_text_for_people_ends_with_a_newline() -> None:
    assert pretty({"b": 1, "a": "é"}) == '{\n  "a": "é",\n  "b": 1\n}\n'


def test_a_digest_of_parts_is_the_digest_of_the_whole() -> None:
    def items(*values: Json) -> Iterator[Parts]:
        yield from values

    def outer() -> Iterator[Parts]:
        for name, values in (("b", items(1, "é", None)), ("a", items())):
            found: Mapping[str, Parts] = {"name": name, "inner": values}
            yield found

    def parts() -> Parts:
        made: Mapping[str, Parts] = {"z": outer(), "a": [{"y": 1, "x": [True, 0.5]}], "empty": items()}
        return made

    document = whole(parts())
    assert document == {
        "z": [{"name": "b", "inner": [1, "é", None]}, {"name": "a", "inner": []}],
        "a": [{"y": 1, "x": [True, 0.5]}],
        "empty": [],
    }
    assert digest_of_parts(parts()) == digest_of(document)
