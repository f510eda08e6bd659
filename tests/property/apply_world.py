"""Accounts and specs that fit together: what a local cloud holds before, and what the YAML asks of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from reconciler.emulator.scene.images import Image, Layer, digest_of, image, index, sbom
from reconciler.model.image import Descriptor
from reconciler.model.json_value import Json

NAMESPACES = ("apps", "tools")
REPOSITORIES = ("web", "api")
TAGS = ("v1", "v2", "release-v1", "dev")
REGION = "cn-hangzhou"
REPLICAS = ("eu", "sg")
_REPLICA_REGIONS = {"eu": "eu-central-1", "sg": "ap-southeast-1"}
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def _layer(name: str) -> Layer:
    content = hashlib.shake_256(name.encode()).digest(200 + 10 * len(name))
    digest = digest_of(content)
    return Layer(content, Descriptor(digest, len(content), _LAYER), digest)


_BASE, _TOOLS, _OWN = _layer("base"), _layer("tools, longer"), _layer("own")
_PLAIN = (
    image([_BASE], "2026-10-01T08:00:00Z"),
    image([_BASE, _TOOLS], "2026-10-02T08:00:00Z"),
    image([_TOOLS, _OWN], "2026-10-03T08:00:00Z", "arm64"),
)
IMAGES: tuple[Image, ...] = (*_PLAIN, index({"amd64": _PLAIN[1], "arm64": _PLAIN[2]}))
SBOM = sbom(_PLAIN[0].root, ("base",))
"""Refers to the first image; who copies that one brings this along. Wherever a world has the one, it has the other."""


@dataclass(frozen=True)
class Push:
    """`holder` is a registry's label in the local cloud; without a tag the image is there by digest only."""

    holder: str
    repository: str
    tag: str | None
    image: int


@dataclass(frozen=True)
class Rule:
    """One replication from the hub; without a repository it is about the whole namespace."""

    target: str
    namespace: str
    repository: str | None
    tags: str
    trigger: str
    priority: int
    backfill: str

    def written(self) -> dict[str, Json]:
        rule: dict[str, Json] = {
            "source": "hub",
            "targets": [self.target],
            "level": "repository" if self.repository else "namespace",
            "namespace": self.namespace,
            "tags": self.tags,
            "trigger": self.trigger,
            "priority": self.priority,
            "backfill": self.backfill,
        }
        return {**rule, "repository": self.repository} if self.repository else rule


@dataclass(frozen=True)
class World:
    seed: Json
    spec: Json
    pushes: tuple[Push, ...]


def content(push: Push) -> Image:
    return SBOM if push.tag is None else IMAGES[push.image]


_SPACE: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"auto_create": st.just(True), "visibility": st.sampled_from(["public", "private"])}
)
_SPACES = st.dictionaries(st.sampled_from(NAMESPACES), _SPACE)
_PATHS = st.sampled_from([f"{space}/{name}" for space in NAMESPACES for name in REPOSITORIES])
_REPOSITORY: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "visibility": st.sampled_from(["public", "private"]),
        "summary": st.sampled_from(["storefront", "für alle"]),
        "tag_immutability": st.just(False),
    },
)
_PATTERNS = st.sampled_from([".*", "v.*", "release-v.*|dev"])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Everything that a rule may name is declared on both sides, so every one of these is legal."""
    replicas = draw(st.lists(st.sampled_from(REPLICAS), unique=True, max_size=2))
    personal: dict[str, Json] = {**draw(st.dictionaries(st.sampled_from(NAMESPACES), _SPACE, min_size=1))}
    identity = draw(_identities(replicas))
    seeded: dict[str, dict[str, Json]] = {key: {**draw(_SPACES)} for key in identity}
    rules = {f"to-{key}": draw(_rules(key)) for key in replicas}
    spec: dict[str, Json] = {
        "version": 1,
        "instances": {key: {**known, **draw(_holdings(key, rules.values()))} for key, known in identity.items()},
        "vpcs": {"main": {"instance": "hub", "vpc": "vpc-1", "vswitch": "vsw-1"}},
    }
    if not rules or draw(st.booleans()):
        spec["imports"] = {"legacy": draw(_imports(sorted(personal)))}
    if rules:
        spec["replications"] = {name: rule.written() for name, rule in rules.items()}
    seed: dict[str, Json] = {
        "version": 1,
        "instances": {key: {**known, "namespaces": {**seeded[key]}} for key, known in identity.items()},
        "personal": {REGION: {"namespaces": personal}},
    }
    older = draw(_older(rules, seeded))
    if older:
        seed["replications"] = older
    places = [(f"personal.{REGION}", space) for space in personal]
    places += [(f"instances.{key}", space) for key, spaces in seeded.items() for space in spaces]
    return World(seed, spec, draw(_pushes(places)))


@st.composite
def _identities(draw: st.DrawFn, replicas: Iterable[str]) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {
        "hub": {"region": REGION, "edition": "advanced", "name": draw(st.sampled_from(["acme-hub", "hub"]))}
    }
    for key in replicas:
        edition = draw(st.sampled_from(["basic", "advanced"]))
        found[key] = {"region": _REPLICA_REGIONS[key], "edition": edition, "name": f"acme-{key}"}
    return found


@st.composite
def _holdings(draw: st.DrawFn, key: str, rules: Iterable[Rule]) -> dict[str, Json]:
    repositories: dict[str, Json] = {**draw(st.dictionaries(_PATHS, _REPOSITORY, max_size=2))}
    for rule in rules:
        if rule.repository and key in ("hub", rule.target):
            repositories.setdefault(f"{rule.namespace}/{rule.repository}", {})
    return {"namespaces": {space: draw(_SPACE) for space in NAMESPACES}, "repositories": repositories}


def _rules(target: str) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        target=st.just(target),
        namespace=st.sampled_from(NAMESPACES),
        repository=st.none() | st.sampled_from(REPOSITORIES),
        tags=_PATTERNS,
        trigger=st.sampled_from(["push", "manual"]),
        priority=st.integers(1, 5),
        backfill=st.sampled_from(["none", "missing", "all"]),
    )


@st.composite
def _older(draw: st.DrawFn, rules: Mapping[str, Rule], seeded: Mapping[str, dict[str, Json]]) -> dict[str, Json]:
    """Rules that are there already and may differ in what cannot be changed in place. They wait for a person, so that
    what is pushed before the plan stays where it was pushed."""
    there: dict[str, Json] = {}
    for name, rule in rules.items():
        known = rule.namespace in seeded["hub"] and rule.namespace in seeded[rule.target]
        if known and rule.repository is None and draw(st.booleans()):
            there[name] = replace(rule, trigger="manual", tags=draw(_PATTERNS)).written()
    return there


@st.composite
def _imports(draw: st.DrawFn, namespaces: list[str]) -> dict[str, Json]:
    chosen = draw(st.lists(st.sampled_from(namespaces), unique=True, min_size=1))
    names: list[Json] = [*chosen]
    included: list[Json] = [*draw(st.sampled_from([["namespaces", "repositories"], ["namespaces"], []]))]
    rule: dict[str, Json] = {
        "target": "hub",
        "vpc": "main",
        "source": {"type": "personal", "region": REGION, "namespaces": names},
        "images": draw(
            st.fixed_dictionaries({}, optional={"latest": st.integers(1, 3), "tags": _PATTERNS}),
        ),
        "overwrite": draw(st.booleans()),
        "include": included,
    }
    # Two namespaces that become one may bring different images to one tag, which is refused.
    if len(chosen) == 1 and draw(st.booleans()):
        rule["rename"] = {chosen[0]: draw(st.sampled_from(NAMESPACES))}
    return rule


@st.composite
def _pushes(draw: st.DrawFn, places: list[tuple[str, str]]) -> tuple[Push, ...]:
    made = []
    for holder, space in draw(st.lists(st.sampled_from(places), min_size=3, max_size=10)):
        repository = f"{space}/{draw(st.sampled_from(REPOSITORIES))}"
        number = draw(st.integers(0, len(IMAGES) - 1))
        made.append(Push(holder, repository, draw(st.sampled_from(TAGS)), number))
        if number == 0 and draw(st.booleans()):
            made.append(Push(holder, repository, None, number))
    return tuple(made)
