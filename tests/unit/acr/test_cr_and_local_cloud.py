"""Everything that is written can be read back, from a service that checks signatures and parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from reconciler.acr.cr import Cr, NewSyncRule, NewSyncTask
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.errors import ApiError, Conflict, NotFound
from reconciler.acr.transport import open_transport
from reconciler.emulator.server import LocalCloud
from reconciler.model.live import LiveNamespace, LiveVpcLink
from reconciler.model.spec import AclEntry, Desired, Edition, Instance, Level, Trigger, Visibility

HUB, EU = "cn-hangzhou", "eu-central-1"
SEED = Desired(
    instances=(
        Instance("hub", HUB, "acme-hub", Edition.ADVANCED),
        Instance("eu", EU, "acme-eu", Edition.BASIC),
    )
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud.start(SEED, speed=1000.0) as running:
        yield running


@pytest.fixture
def cr(cloud: LocalCloud) -> Iterator[Cr]:
    transport = open_transport(Endpoint(cloud.endpoint), StaticCredential(Credential(*cloud.access_key)))
    yield Cr(transport)
    transport.close()


@pytest.fixture
def hub(cloud: LocalCloud) -> str:
    return cloud.instance_id("hub")


def until(happened: Callable[[], bool]) -> None:
    """The service takes its time over some writes; the test's own time-out is the limit."""
    while not happened():
        time.sleep(0.01)


def test_namespaces(cr: Cr, hub: str) -> None:
    cr.create_namespace(HUB, hub, "names", auto_create=True, visibility=Visibility.PUBLIC)
    assert LiveNamespace("names", True, Visibility.PUBLIC) in cr.list_namespaces(HUB, hub)
    with pytest.raises(Conflict):
        cr.create_namespace(HUB, hub, "names", auto_create=True, visibility=Visibility.PUBLIC)

    cr.update_namespace(HUB, hub, "names", auto_create=False, visibility=Visibility.PRIVATE)
    assert LiveNamespace("names", False, Visibility.PRIVATE) in cr.list_namespaces(HUB, hub)

    cr.delete_namespace(HUB, hub, "names")
    assert "names" not in [namespace.name for namespace in cr.list_namespaces(HUB, hub)]
    until(lambda: not cr.has_namespace(HUB, hub, "names"))
    with pytest.raises(NotFound):
        cr.delete_namespace(HUB, hub, "names")


def test_repositories(cr: Cr, hub: str) -> None:
    cr.create_namespace(HUB, hub, "repos", auto_create=False, visibility=Visibility.PRIVATE)
    identity = cr.create_repository(
        HUB, hub, "repos/web", visibility=Visibility.PRIVATE, summary="シ op+1", tag_immutability=True
    )
    (made,) = cr.list_repositories(HUB, hub)
    assert (made.id, made.name, made.summary, made.tag_immutability) == (identity, "repos/web", "シ op+1", True)
    assert cr.list_tags(HUB, hub, identity) == ()

    cr.update_repository(HUB, hub, identity, visibility=Visibility.PUBLIC, summary="new")
    (made,) = cr.list_repositories(HUB, hub)
    assert (made.visibility, made.summary, made.tag_immutability) == (Visibility.PUBLIC, "new", True)

    cr.delete_repository(HUB, hub, identity)
    until(lambda: not cr.has_repository(HUB, hub, "repos/web"))
    assert cr.list_repositories(HUB, hub) == ()


def test_endpoints(cr: Cr, hub: str) -> None:
    cr.set_internet_endpoint(HUB, hub, enabled=True)
    until(lambda: cr.internet_endpoint(HUB, hub).endpoint.status == "RUNNING")
    office = AclEntry("203.0.113.0/24", "office")
    cr.add_acl_entry(HUB, hub, office)
    access = cr.internet_endpoint(HUB, hub)
    assert access.endpoint.allow == (office,)
    assert access.domains

    cr.remove_acl_entry(HUB, hub, office.cidr)
    assert cr.internet_endpoint(HUB, hub).endpoint.allow == ()
    cr.set_internet_endpoint(HUB, hub, enabled=False)
    assert not cr.internet_endpoint(HUB, hub).endpoint.enabled


def test_vpc_links(cr: Cr, hub: str) -> None:
    cr.create_linked_vpc(HUB, hub, "vpc-1", "vsw-1")
    running = LiveVpcLink("vpc-1", "vsw-1", "registry", "RUNNING")
    until(lambda: cr.vpc_endpoint(HUB, hub).links == (running,))
    assert cr.vpc_endpoint(HUB, hub, "chart").links == ()
    assert cr.instance_usage(HUB, hub).vpcs.used == 1

    cr.delete_linked_vpc(HUB, hub, "vpc-1", "vsw-1")
    until(lambda: cr.vpc_endpoint(HUB, hub).links == ())
    with pytest.raises(NotFound):
        cr.delete_linked_vpc(HUB, hub, "vpc-1", "vsw-1")


def test_replication(cr: Cr, cloud: LocalCloud, hub: str) -> None:
    eu = cloud.instance_id("eu")
    for region, instance in ((HUB, hub), (EU, eu)):
        cr.create_namespace(region, instance, "sync", auto_create=True, visibility=Visibility.PRIVATE)
    identity = cr.create_sync_rule(
        HUB, hub, NewSyncRule("to eu", EU, eu, "sync", "sync", r"v\d+|.*", Trigger.MANUAL, priority=5)
    )
    (rule,) = cr.list_sync_rules(HUB, hub)
    assert (rule.id, rule.name, rule.tags, rule.priority) == (identity, "to eu", r"v\d+|.*", 5)
    assert (rule.level, rule.trigger, rule.target_instance) == (Level.NAMESPACE, Trigger.MANUAL, eu)
    assert cr.list_sync_rules(EU, eu) == ()

    cr.delete_sync_rule(HUB, hub, identity)
    assert cr.list_sync_rules(HUB, hub) == ()


def test_a_task_for_a_tag_that_is_not_there_is_refused(cr: Cr, cloud: LocalCloud, hub: str) -> None:
    cr.create_namespace(HUB, hub, "tasks", auto_create=False, visibility=Visibility.PRIVATE)
    repository = cr.create_repository(HUB, hub, "tasks/web", visibility=Visibility.PRIVATE, summary="web")
    task = NewSyncTask(repository, "v1", EU, cloud.instance_id("eu"), "tasks", "web", "v1")
    with pytest.raises(NotFound, match="IMAGE_NOT_EXIST"):
        cr.create_sync_task(HUB, hub, task)
    assert cr.list_sync_tasks(HUB, hub) == ()


def test_an_instance_of_another_region_is_not_there(cr: Cr, hub: str) -> None:
    assert [instance.name for instance in cr.list_instances(HUB)] == ["acme-hub"]
    assert cr.get_instance(HUB, hub).edition is Edition.ADVANCED
    with pytest.raises(ApiError, match="INSTANCE_NOT_EXIST"):
        cr.get_instance(EU, hub)
