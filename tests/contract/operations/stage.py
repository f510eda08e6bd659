"""A local cloud with something in it, and the table's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from reconciler.emulator.server import LocalCloud
from tests.contract.operations.official import CR, Product
from tests.contract.operations.shape import Shape


def push(cloud: LocalCloud, label: str, repository: str, tag: str) -> str:
    """An empty image, pushed over the registry protocol; gives its digest."""
    with httpx.Client(base_url=f"http://{cloud.registries[label]}", trust_env=False) as registry:
        scope = {"scope": f"repository:{repository}:pull,push"}
        token = registry.get("/auth/token", params=scope, auth=cloud.access_key).json()["token"]
        registry.headers["Authorization"] = f"Bearer {token}"
        config = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        registry.post(f"/v2/{repository}/blobs/uploads/", params={"digest": config}, content=b"{}")
        kind = "application/vnd.oci.image.manifest.v1+json"
        descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2}
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": descriptor,
            "layers": [],
            "annotations": {"t": tag},
        }
        answer = registry.put(f"/v2/{repository}/manifests/{tag}", json=manifest, headers={"Content-Type": kind})
        digest: str = answer.raise_for_status().headers["docker-content-digest"]
        return digest


Fields: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stage:
    """The cloud of the tests here: instances `hub`, `eu` and `us`, and Personal Edition with `legacy/web`."""

    cloud: LocalCloud

    @property
    def hub(self) -> str:
        return self.cloud.instance_id("hub")

    @property
    def eu(self) -> str:
        return self.cloud.instance_id("eu")

    def call(self, product: Product, action: str, **fields: object) -> Any:
        """For what has to be there before the operation that is looked at."""
        return product.call(self.cloud, action, (), fields)

    def repository(self) -> str:
        """The id of `apps/web` in `hub`."""
        found: str = self.call(CR, "GetRepository", InstanceId=self.hub, RepoNamespaceName="apps", RepoName="web")[
            "RepoId"
        ]
        return found

    def image(self) -> str:
        """The id of `apps/web` in `hub`, which holds the tag `v1` then."""
        push(self.cloud, "instances.hub", "apps/web", "v1")
        return self.repository()

    def rule(self, **changes: object) -> str:
        """The id of a new replication rule from `hub` to `eu`."""
        made: str = self.call(CR, "CreateRepoSyncRule", **{**self.new_rule(), **changes})["SyncRuleId"]
        return made

    def new_rule(self) -> Fields:
        return {
            "InstanceId": self.hub,
            "SyncRuleName": "東京 rule*1~",
            "SyncScope": "NAMESPACE",
            "SyncTrigger": "PASSIVE",
            "NamespaceName": "apps",
            "TargetNamespaceName": "apps",
            "TagFilter": ".*",
            "TargetInstanceId": self.eu,
            "TargetRegionId": "eu-central-1",
        }

    def task(self) -> str:
        """The id of a task that copies `apps/web:v1` from `hub` to `eu`."""
        made: str = self.call(CR, "CreateRepoSyncTask", **self.new_task())["SyncTaskId"]
        return made

    def new_task(self) -> Fields:
        return {
            "InstanceId": self.hub,
            "RepoId": self.image(),
            "Tag": "v1",
            "TargetRegionId": "eu-central-1",
            "TargetInstanceId": self.eu,
            "TargetNamespace": "apps",
            "TargetRepoName": "web",
            "TargetTag": "v1",
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: an action, the fields of its request, and what its answer leaves out although the SDK's model has it.

    `omits` are patterns of dotted paths such as `SyncRules.LinkId`, without the indexes of lists. `path` fills the path
    of a ROA call. `documented` is the shape of an answer that the SDK has no model of. Things that take time are
    `speed` times faster than in the real cloud.
    """

    product: Product
    action: str
    fields: Callable[[Stage], Fields] = field(default=lambda _: {})
    omits: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    documented: Shape | None = None
    speed: float = 200.0

    def __str__(self) -> str:
        return f"{self.product.package.removeprefix('alibabacloud_')}-{self.action}"
