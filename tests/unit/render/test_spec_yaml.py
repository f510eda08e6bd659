from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.document import Document
from reconciler.render.spec_yaml import render, scalar
from reconciler.spec.scalars import resolve

AWKWARD = [
    *("no", "on", "Off", "YES", "y", "N", "true", "null", "~", "", "1.10", "0o7", "0x1f", "1e3", "-.inf", ".nan"),
    *("2026-01-01", "1:30", "a: b", "a #b", "- a", "? a", "[a]", "{a}", "'a'", '"a"', "a\\b", " a", "a ", "&a", "*a"),
    *("!a", "%a", "@a", "`a", "=", "<<", "日本語", "a\u00a0b", "\u2028", "\ufeff", "😀", "a,b", "|", ">", "---", "..."),
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_stay_texts(text: str) -> None:
    assert yaml.safe_load(f"{{{scalar(text)}: [{scalar(text)}, x]}}") == {text: [text, "x"]}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_every_text_is_read_as_itself(text: str) -> None:
    written = scalar(text)
    assert yaml.safe_load(f"a: {written}\nb: {{{written}: 1}}") == {"a": text, "b": {text: 1}}
    assert written.startswith('"') or resolve(written) == text


def test_a_document_is_short_where_it_can_be_and_has_its_comments() -> None:
    document = Document(
        {
            "version": 1,
            "instances": {
                "hub": {
                    "region": "cn-hangzhou",
                    "tags": {"version": "1.10"},
                    "endpoints": {"internet": {"enabled": True, "allow": [{"cidr": "203.0.113.0/24"}]}},
                    "namespaces": {"apps": {"auto_create": True}, "base": {"auto_create": False}},
                }
            },
        },
        {
            (): ("about all",),
            ("instances", "hub"): ("about the hub", "a line\nbreak"),
            ("instances", "hub", "namespaces", "base"): ("about base",),
        },
    )
    assert render(document) == (
        "# about all\n"
        "version: 1\n"
        "\n"
        "instances:\n"
        "  # about the hub\n"
        "  # a line?break\n"
        "  hub:\n"
        "    region: cn-hangzhou\n"
        '    tags: {version: "1.10"}\n'
        "    endpoints:\n"
        "      internet:\n"
        "        enabled: true\n"
        "        allow:\n"
        "          - {cidr: 203.0.113.0/24}\n"
        "    namespaces:\n"
        "      apps: {auto_create: true}\n"
        "      # about base\n"
        "      base: {auto_create: false}\n"
    )
