from __future__ import annotations

import pytest

from reconciler.emulator.refusal import Refused
from reconciler.emulator.sync_rule import Laws, Side, SyncRule, SyncScope, SyncTrigger, check_topology, full_match
from reconciler.model.spec import Edition, SamePair, StandardEdition

HUB = Side("cri-hub", "cn-hangzhou", Edition.ADVANCED)
SECOND = Side("cri-second", "cn-beijing", Edition.ADVANCED)
EU = Side("cri-eu", "eu-central-1", Edition.BASIC)
US = Side("cri-us", "us-east-1", Edition.BASIC)
FINANCE = Side("cri-finance", "cn-shanghai-finance-1", Edition.ADVANCED)


def rule(source: Side, target: Side, scope: SyncScope = SyncScope.NAMESPACE, repository: str = "") -> SyncRule:
    return SyncRule(
        id="crsr-1",
        name="rule",
        scope=scope,
        trigger=SyncTrigger.PASSIVE,
        source_id=source.instance_id,
        source_region=source.region,
        source_namespace="apps",
        source_repository=repository,
        target_id=target.instance_id,
        target_region=target.region,
        target_namespace="apps",
        target_repository=repository,
        tag_filter="release-v.*",
        created=0,
    )


@pytest.mark.parametrize(
    ("source", "target", "existing"),
    [(HUB, EU, []), (HUB, SECOND, []), (HUB, US, [rule(HUB, EU)]), (SECOND, US, [rule(HUB, EU)])],
)
def test_allowed(source: Side, target: Side, existing: list[SyncRule]) -> None:
    check_topology(rule(source, target), source, target, existing, Laws())


@pytest.mark.parametrize(
    ("source", "target", "existing", "code"),
    [
        (HUB, HUB, [], "SYNC_RULE_TARGET_INVALID"),
        (EU, HUB, [], "INSTANCE_SPECIFICATION_NOT_SUPPORT"),
        (HUB, Side("cri-x", "cn-beijing", Edition.STANDARD), [], "INSTANCE_SPECIFICATION_NOT_SUPPORT"),
        (HUB, Side("cri-x", "cn-beijing", Edition.ECONOMY), [], "INSTANCE_SPECIFICATION_NOT_SUPPORT"),
        (HUB, FINANCE, [], "SYNC_RULE_TARGET_INVALID"),
        (SECOND, EU, [rule(HUB, SECOND)], "SYNC_RULE_CONFLICT"),
        (HUB, SECOND, [rule(SECOND, EU)], "SYNC_RULE_CONFLICT"),
        (SECOND, HUB, [rule(HUB, SECOND)], "SYNC_RULE_CONFLICT"),
        (SECOND, EU, [rule(HUB, EU)], "SYNC_RULE_CONFLICT"),
        (HUB, EU, [rule(HUB, EU)], "SYNC_RULE_ALREADY_EXIST"),
    ],
)
def test_refused(source: Side, target: Side, existing: list[SyncRule], code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_topology(rule(source, target), source, target, existing, Laws())
    assert refused.value.code == code


def test_same_pair_can_be_allowed() -> None:
    web = rule(HUB, EU, SyncScope.REPO, "web")
    check_topology(web, HUB, EU, [rule(HUB, EU)], Laws(SamePair.ALLOW))


def test_the_same_content_twice_is_refused_even_then() -> None:
    with pytest.raises(Refused, match="SYNC_RULE_ALREADY_EXIST: a rule replicates just that"):
        check_topology(rule(HUB, EU), HUB, EU, [rule(HUB, EU)], Laws(SamePair.ALLOW))


def test_standard_instances_can_be_allowed() -> None:
    one, other = (Side(f"cri-{name}", "cn-beijing", Edition.STANDARD) for name in ("a", "b"))
    check_topology(rule(one, other), one, other, [], Laws(standard_edition=StandardEdition.ALLOW))


@pytest.mark.parametrize(
    ("scope", "namespace", "repository", "tag", "covered"),
    [
        (SyncScope.NAMESPACE, "apps", "web", "release-v1", True),
        (SyncScope.NAMESPACE, "apps", "web", "my-release-v1", False),
        (SyncScope.NAMESPACE, "other", "web", "release-v1", False),
        (SyncScope.REPO, "apps", "web", "release-v1", True),
        (SyncScope.REPO, "apps", "api", "release-v1", False),
        (SyncScope.INSTANCE, "other", "api", "release-v1", True),
    ],
)
def test_coverage(scope: SyncScope, namespace: str, repository: str, tag: str, covered: bool) -> None:
    assert rule(HUB, EU, scope, "web" if scope is SyncScope.REPO else "").covers(namespace, repository, tag) is covered


def test_bad_filter_is_refused() -> None:
    with pytest.raises(Refused, match="InvalidTagFilter"):
        full_match("(", "tag")
