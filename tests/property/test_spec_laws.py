"""Laws of reading specs: order does not matter, and no text is too strange."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.place import Span
from reconciler.spec.files import SourceText, Texts, decode
from reconciler.spec.load import Loaded, load_texts

ENVIRONMENT = {"REGION": "cn-hangzhou", "ODD": "\udcff", "TAG": "1.10"}

KEYS = st.sampled_from(["hub", "eu-west", "asia", "web"])
REGIONS = st.sampled_from(["cn-hangzhou", "eu-west-1", "ap-southeast-1"])
VISIBILITY = st.sampled_from(["public", "private"])
INSTANCES = st.fixed_dictionaries(
    {"region": REGIONS},
    optional={
        "edition": st.sampled_from(["basic", "advanced", "gold"]),
        "namespaces": st.dictionaries(
            st.sampled_from(["apps", "base", "Bad"]), st.fixed_dictionaries({"visibility": VISIBILITY}), max_size=3
        ),
    },
)
RULES = st.fixed_dictionaries(
    {
        "source": KEYS,
        "targets": st.lists(KEYS, min_size=1, max_size=3),
        "level": st.just("namespace"),
        "namespace": st.sampled_from(["apps", "base"]),
    }
)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "instances": st.dictionaries(KEYS, INSTANCES, max_size=3),
        "replications": st.dictionaries(KEYS, RULES, max_size=2),
    },
)
FRAGMENTS = st.sampled_from(
    [
        *(
            "version: 1\n",
            "instances:",
            "replications:",
            "imports:",
            "settings:",
            "hub:",
            "region:",
            "source:",
            "type:",
        ),
        *("personal", "targets:", "safety:", "max_bytes:", "tags:", "latest:", "images:", "rename:", "allow:", "cidr:"),
        *(
            "\n",
            "\n  ",
            "\n    ",
            "\n\t",
            "- ",
            ": ",
            "? ",
            "<<: ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "&a ",
            "*a",
            "!!int ",
            "!x ",
        ),
        *(
            "'",
            '"',
            "|\n",
            ">\n",
            "#",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "${ENV:REGION}",
            "${ENV:ODD}",
            "${",
            "\\ud800",
            "\\0",
        ),
        *(
            "~",
            "1.10",
            "0x",
            "1e999",
            ".nan",
            "yes",
            "true",
            "10%",
            "2TiB",
            "hub",
            "cn-hangzhou",
            "é",
            "\x85",
            "\u2028",
        ),
    ]
)


def read(*sources: SourceText, seed: bool = False) -> Loaded:
    return load_texts(Texts(sources, ()), environment=ENVIRONMENT, seed=seed)


@settings(max_examples=60)
@given(st.lists(DOCUMENTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(documents: list[dict[str, object]], random: Random) -> None:
    sources = [SourceText(f"{n}.yaml", json.dumps(document)) for n, document in enumerate(documents)]
    shuffled = random.sample(sources, len(sources))
    one, two = read(*sources), read(*shuffled)
    assert (one.desired, one.digest, one.diagnostics) == (two.desired, two.digest, two.diagnostics)


@settings(max_examples=60)
@given(DOCUMENTS)
def test_the_order_of_keys_and_the_spelling_do_not_matter(document: dict[str, object]) -> None:
    compact = read(SourceText("a.yaml", json.dumps(document)))
    spread = read(SourceText("b.yaml", "# spread out\n" + json.dumps(document, indent=4, sort_keys=True)))
    assert (compact.desired, compact.digest) == (spread.desired, spread.digest)


def sound(loaded: Loaded) -> None:
    assert len(loaded.digest) == len("sha256:") + 64
    for found in loaded.diagnostics:
        assert found.summary.isprintable()
        assert found.hint.isprintable()
        assert found.span is None or loaded.source_line(found.span) is not None


@settings(max_examples=400)
@given(st.lists(FRAGMENTS | st.text(max_size=4), max_size=30), st.booleans())
def test_no_text_is_too_strange(fragments: list[str], seed: bool) -> None:
    source = decode("".join(fragments).encode("utf-8", "surrogatepass"), "a.yaml")
    if isinstance(source, SourceText):
        sound(read(source, seed=seed))
    else:
        assert isinstance(source.span, Span)


@settings(max_examples=200)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["hub", "region", "source", "targets", "images", "type", "allow", "internet", "apps/web", ""]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["settings", "instances", "vpcs", "imports", "replications", "personal", "else"]),
)
def test_no_data_is_too_strange(data: object, section: str) -> None:
    sound(read(SourceText("a.yaml", json.dumps({"version": 1, section: {"hub": data}})), seed=True))
