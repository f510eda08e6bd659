"""One value of each kind, with the odd cases that renderers have to survive."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from reconciler.model import address
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.drift import Drift, ImageDrift, ImageState
from reconciler.model.graph import Edge, Graph, Topology, TopologyLink, TopologyNode
from reconciler.model.image import Digest, ImageName
from reconciler.model.json_value import Json, digest_of
from reconciler.model.place import Span
from reconciler.model.plan import Action, Change, FieldChange, Plan, Summary, Transfer, TransferReason, Via
from reconciler.model.report import ImageOutcome, ImageResult, Report, StepOutcome, StepResult
from reconciler.model.spec import Desired
from reconciler.spec.schema import schema_text

MIB = 1024 * 1024
HUB = "hub.cn-hangzhou.cr.aliyuncs.com"
EU = "eu.eu-central-1.cr.aliyuncs.com"
PERSONAL = "registry.cn-hangzhou.aliyuncs.com"
LEGACY = address.import_rule("legacy")
BACKFILL = address.backfill("apps-everywhere", "eu")

WARNING = Diagnostic(
    rule="R-SAFE-2",
    severity=Severity.WARNING,
    summary="replacing `replications.apps-everywhere[eu]` leaves a gap",
    detail="Between deleting the old rule and creating the new one a push is not replicated.",
    hint="apply while nobody pushes, or set `backfill: missing`",
    span=Span("acr.yaml", 31, 3),
    address="replications.apps-everywhere[eu]",
)


def digest(name: str) -> Digest:
    return digest_of(name)


def transfer(number: int, *, moved: int = 10 * MIB, size: int = 10 * MIB, via: Via = Via.EXECUTOR) -> Transfer:
    return Transfer(
        address=LEGACY,
        source=ImageName(PERSONAL, "apps/web", f"v{number}"),
        target=ImageName(HUB, "apps-prod/web", f"v{number}"),
        digest=digest(f"web {number}"),
        reason=TransferReason.DIFFERENT if number == 2 else TransferReason.MISSING,
        via=via,
        bytes=moved,
        size=size,
        pushed=1_700_000_000_000 + number,
    )


@pytest.fixture
def plan() -> Plan:
    namespace = address.namespace("hub", "apps-prod")
    images = [transfer(1), *(transfer(n, moved=2 * MIB) for n in range(2, 13))]
    replicated = Transfer(
        address=BACKFILL,
        source=ImageName(HUB, "apps-prod/web", "v1"),
        target=ImageName(EU, "apps-prod/web", "v1"),
        digest=digest("web 1"),
        reason=TransferReason.MISSING,
        via=Via.RULE,
        size=10 * MIB,
    )
    return Plan(
        changes=(
            Change(
                namespace,
                Action.CREATE,
                "it is declared and does not exist",
                (
                    FieldChange("auto_create", None, True),
                    FieldChange("visibility", None, "private"),
                    FieldChange("summary", None, None),
                ),
            ),
            Change(
                address.endpoint("hub", "internet"),
                Action.UPDATE,
                "the allow list differs",
                (FieldChange("allow", [], [{"cidr": "203.0.113.0/24", "comment": "office"}]),),
            ),
            Change(
                address.repository("hub", "apps/web"),
                Action.UPDATE,
                "settings differ",
                (FieldChange("visibility", "public", "private"), FieldChange("summary", "", "store|front `x` <b>")),
            ),
            Change(
                address.repository("eu", "apps/old"),
                Action.DELETE,
                "it is not declared and `--prune` is given",
                live_id="crr-0123456789abcdef",
            ),
            Change(
                LEGACY,
                Action.TRANSFER,
                "12 of 12 selected images are not at the target",
                depends_on=(namespace,),
            ),
            Change(
                address.replication("apps-everywhere", "eu"),
                Action.REPLACE,
                "a rule cannot be changed in place",
                (FieldChange("tags", "release-v.*", ".*"),),
                depends_on=(namespace, address.instance("hub")),
                live_id="crsr-0123456789abcdef",
            ),
            Change(BACKFILL, Action.TRANSFER, "1 of 1 image is not at the target"),
            Change(
                address.instance("hub"),
                Action.MANUAL,
                "turn on the Personal Edition domain in the console; no API does",
                (FieldChange("personal_domain", False, True),),
            ),
        ),
        transfers=(*images, replicated),
        diagnostics=(WARNING,),
        summary=Summary(1, 2, 1, 1, 1, 13, 32 * MIB, 24, 88 * MIB, 7),
        spec_digest=digest("spec"),
        live_digest=digest("live"),
        complete=True,
        desired=Desired(),
    )


@pytest.fixture
def empty_plan() -> Plan:
    return Plan((), (), (), Summary(unchanged=9, images_unchanged=42), digest("spec"), digest("live"), True, Desired())


@pytest.fixture
def diagnostics() -> tuple[Diagnostic, ...]:
    return (
        WARNING,
        Diagnostic(
            "R-SPEC-3",
            Severity.ERROR,
            "unknown key `visiblity`",
            hint="did you mean `visibility`?",
            span=Span("acr.yaml", 12, 7),
        ),
        Diagnostic(
            "R-TOPO-1",
            Severity.ERROR,
            "`instances.hub` is a source and a target",
            detail="An instance that is the source of a rule cannot be the target of another.",
            span=Span("b.yaml", 4, 1),
            related=(Related(Span("acr.yaml", 20, 3), "here it is the target"),),
        ),
        Diagnostic("R-QUOTA-1", Severity.INFO, "quota could not be compared", address="instances.eu"),
    )


def outcome(tag: str, result: ImageResult, repository: str = "apps-prod/web") -> ImageOutcome:
    return ImageOutcome(
        address=LEGACY,
        source=ImageName(PERSONAL, repository.replace("-prod", ""), tag),
        target=ImageName(HUB, repository, tag),
        digest=digest(tag),
        result=result,
    )


@pytest.fixture
def report() -> Report:
    return Report(
        steps=(
            StepOutcome(address.namespace("hub", "apps-prod"), Action.CREATE, StepResult.DONE, seconds=0.42),
            StepOutcome(LEGACY, Action.TRANSFER, StepResult.FAILED, "1 of 4 images failed", 8.0),
            StepOutcome(BACKFILL, Action.TRANSFER, StepResult.BLOCKED, "waits for `imports.legacy`"),
            StepOutcome(address.instance("hub"), Action.MANUAL, StepResult.MANUAL, "turn it on in the console"),
        ),
        images=(
            replace(outcome("v1", ImageResult.IMPORTED), bytes_moved=40_000_000, began=1.0, ended=5.0),
            replace(
                outcome("v2", ImageResult.IMPORTED), bytes_moved=10_000_000, bytes_mounted=MIB, began=2.0, ended=6.0
            ),
            replace(outcome("v3", ImageResult.SKIPPED), reason="it is there already"),
            replace(
                outcome("v1", ImageResult.FAILED, "apps-prod/api"),
                reason="personal: 503 after 5 attempts",
                retryable=True,
                began=1.0,
                ended=7.5,
            ),
        ),
        diagnostics=(WARNING,),
        seconds=9.5,
        transfer_seconds=8.0,
        requests=1240,
        requests_expected=1236,
        retries=1,
    )


@pytest.fixture
def drift() -> Drift:
    return Drift(
        changes=(
            Change(
                address.repository("hub", "apps/web"),
                Action.UPDATE,
                "changed outside",
                (FieldChange("visibility", "public", "private"),),
            ),
        ),
        images=(
            ImageDrift(LEGACY, ImageState.MISSING, ImageName(HUB, "apps-prod/web", "v2"), digest("v2"), None),
            ImageDrift(LEGACY, ImageState.DIFFERENT, ImageName(HUB, "apps-prod/web", "v1"), digest("v1"), digest("x")),
            ImageDrift(BACKFILL, ImageState.EXTRA, ImageName(EU, "apps-prod/web", "old"), None, digest("old")),
        ),
        diagnostics=(),
        spec_digest=digest("spec"),
        live_digest=digest("live"),
    )


@pytest.fixture
def graph() -> Graph:
    hub, apps = address.instance("hub"), address.namespace("hub", "apps")
    rule = address.replication("apps-everywhere", "eu")
    return Graph(
        nodes=(hub, apps, address.instance("eu"), LEGACY, rule),
        edges=(
            Edge(rule, apps, 'the source namespace "apps"', Span("acr.yaml", 30, 5)),
            Edge(rule, address.instance("eu"), "its target", Span("acr.yaml", 31, 15)),
            Edge(apps, hub, "it is inside"),
            Edge(LEGACY, hub, "its target; <b>#1</b>"),
        ),
    )


@pytest.fixture
def topology() -> Topology:
    return Topology(
        nodes=(
            TopologyNode("hub", "cn-hangzhou", "advanced"),
            TopologyNode("eu", "eu-central-1", "basic"),
            TopologyNode("cri-9", "cn-hangzhou"),
        ),
        links=(
            TopologyLink("hub", "eu", "apps-everywhere", "apps, .*", Span("acr.yaml", 30, 3)),
            TopologyLink("hub", "partner", "shared", ""),
        ),
    )


@pytest.fixture
def follows() -> Callable[[str, str], None]:
    """Checks a text against a schema, and that the schema names every field that the text has."""

    def check(name: str, text: str) -> None:
        schema = json.loads(schema_text(name))
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(json.loads(text))
        strict = closed(schema)
        assert isinstance(strict, dict)
        Draft202012Validator(strict).validate(json.loads(text))

    return check


def closed(schema: Json) -> Json:
    """`schema` without room for fields that it does not name."""
    if isinstance(schema, dict):
        inner = {key: closed(value) for key, value in schema.items()}
        return {**inner, "additionalProperties": False} if "properties" in schema and "type" in schema else inner
    return [closed(item) for item in schema] if isinstance(schema, list) else schema
