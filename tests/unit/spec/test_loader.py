"""YAML text to nodes: scalars, keys, aliases, bounds, and where each complaint points."""

from __future__ import annotations

import pytest

from reconciler.model.json_value import Json
from reconciler.spec.loader import MAX_DEPTH, Stream, read
from reconciler.spec.node import plain
from reconciler.spec.scalars import NotFinite, resolve


def data(text: str, **environment: str) -> Json:
    stream = read(text, "a.yaml", environment)
    assert not stream.diagnostics
    return plain(stream.documents[0])


def complaints(text: str, **environment: str) -> list[tuple[str, int, int]]:
    stream = read(text, "a.yaml", environment)
    return [(d.rule, d.span.line, d.span.column) for d in stream.diagnostics if d.span]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("+12", 12),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("2026-01-02", "2026-01-02"),
        ("٣", "٣"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Json) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999"])
def test_numbers_that_json_lacks_are_refused(text: str) -> None:
    with pytest.raises(NotFinite):
        resolve(text)


def test_quotes_and_tags_decide_before_the_core_schema() -> None:
    assert data("[\"1\", 'true', !!str 1, ! 2, !!int 0o17, !!float 1, |\n 3\n]".replace("|\n 3\n", '"3"')) == [
        "1",
        "true",
        "1",
        "2",
        15,
        1,
        "3",
    ]


def test_keys_are_text_as_written() -> None:
    assert data("{1.10: a, true: b, ~: c}") == {"1.10": "a", "true": "b", "~": "c"}


def test_aliases_and_merges_bring_values() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 9}\nd: {<<: [*b, *a]}\ne: *a\n'<<': 1\n"
    merged = data(text)
    assert merged == {
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "z": 4},
        "c": {"x": 1, "y": 9},
        "d": {"x": 1, "y": 3, "z": 4},
        "e": {"x": 1, "y": 2},
        "<<": 1,
    }


def test_environment_variables_are_read_as_if_they_stood_there() -> None:
    text = 'a: ${ENV:N}\nb: "${ENV:N}"\nc: x-${ENV:N}-${ENV:S}\nd: ${ENV:S}\n'
    assert data(text, N="20", S="${ENV:N}") == {"a": 20, "b": "20", "c": "x-20-${ENV:N}", "d": "${ENV:N}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: ${ENV:MISSING}", ("R-SPEC-7", 1, 4)),
        ("a: ${HOME}", ("R-SPEC-7", 1, 4)),
        ("a: 'x${'", ("R-SPEC-7", 1, 4)),
        ("a: ${ENV:DB_PASSWORD}", ("R-SPEC-7", 1, 4)),
        ("a: ${ENV:BELL}", ("R-SPEC-2", 1, 4)),
        ("a: ${ENV:HALF}", ("R-SPEC-2", 1, 4)),
        ('a: "\\e[31m"', ("R-SPEC-2", 1, 4)),
        ("a: 1\na: 2", ("R-SPEC-4", 2, 1)),
        ("1: a\n'1': b", ("R-SPEC-4", 2, 1)),
        ("a: !!python/object:os.system x", ("R-SPEC-6", 1, 4)),
        ("a: !!python/tuple [x]", ("R-SPEC-6", 1, 4)),
        ("a: !!set {x}", ("R-SPEC-6", 1, 4)),
        ("a: !!int x", ("R-SPEC-6", 1, 4)),
        ("a: .inf", ("R-SPEC-6", 1, 4)),
        ("? [a]\n: b", ("R-SPEC-6", 1, 3)),
        ("? &k {a: b}\n: c", ("R-SPEC-6", 1, 3)),
        ("a: {'': b}", ("R-SPEC-6", 1, 5)),
        ("<<: 1", ("R-SPEC-6", 1, 1)),
        ("<<: {a: 1}\n<<: {b: 2}", ("R-SPEC-4", 2, 1)),
        ("a: *nope", ("R-SPEC-3", 1, 4)),
        ("a: &a [*a]", ("R-SPEC-5", 1, 8)),
        ("a:\n\t- b", ("R-SPEC-3", 2, 1)),
        ("a: @b", ("R-SPEC-3", 1, 4)),
        ("a: b: c", ("R-SPEC-3", 1, 5)),
        ("a: 'b", ("R-SPEC-3", 1, 4)),
        ("a: 1\nb", ("R-SPEC-3", 2, 1)),
        ("a: [b", ("R-SPEC-3", 1, 6)),
        ("[" * (MAX_DEPTH + 1), ("R-SPEC-5", 1, MAX_DEPTH + 1)),
    ],
)
def test_a_mistake_is_one_complaint_at_its_place(text: str, expected: tuple[str, int, int]) -> None:
    assert complaints(text, DB_PASSWORD="x", BELL="\x07", HALF="\udc80") == [expected]


def test_a_secret_is_not_repeated() -> None:
    stream = read("a: ${ENV:DB_PASSWORD}", "a.yaml", {"DB_PASSWORD": "hunter2"})
    assert "hunter2" not in repr(stream)


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert [rule for rule, _, _ in complaints("\n".join(lines))] == ["R-SPEC-5"]


def test_a_tab_is_named() -> None:
    assert [d.summary for d in read("a:\n\t- b", "a.yaml", {}).diagnostics] == ["a tab is used for indentation"]


def test_an_interpolation_between_brackets_has_to_be_quoted() -> None:
    (found,) = read("a: {b: ${ENV:N}}", "a.yaml", {"N": "1"}).diagnostics
    assert (found.rule, found.hint) == ("R-SPEC-3", 'quote it: `"${ENV:NAME}"`')


def test_documents_before_a_mistake_are_kept() -> None:
    stream = read("a: 1\n---\n# nothing\n---\nb: 'x", "a.yaml", {})
    assert [plain(d) for d in stream.documents] == [{"a": 1}]
    assert not stream.complete


def test_nothing_is_no_document() -> None:
    assert read("# only a comment\n", "a.yaml", {}) == Stream((), (), True)
