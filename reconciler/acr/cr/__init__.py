"""Enterprise Edition: the API `cr`, version 2018-12-01. Every method names the region, which is where the call goes."""

from __future__ import annotations

from reconciler.acr.cr.builds import Builds
from reconciler.acr.cr.endpoints import Endpoints, InternetAccess, VpcAccess
from reconciler.acr.cr.instances import Instances
from reconciler.acr.cr.namespaces import Namespaces
from reconciler.acr.cr.replication import NewSyncRule, Replication
from reconciler.acr.cr.repositories import Repositories
from reconciler.acr.cr.sync_tasks import NewSyncTask, SyncTasks

__all__ = [
    "Cr",
    "InternetAccess",
    "NewSyncRule",
    "NewSyncTask",
    "VpcAccess",
]


class Cr(Instances, Endpoints, Namespaces, Repositories, Builds, Replication, SyncTasks):
    """Everything of the API that we use. Reads parse at the door into live values; every method raises AcrError."""
