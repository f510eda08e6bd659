"""Instances that are bought: only when asked for twice, once whatever gets lost, and usable at the end of the run."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from reconciler.acr.bss import Bss
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.transport import open_transport
from tests.e2e.conftest import RunningCloud, StartCloud, Workspace
from tests.e2e.stage import Stage, staged

SEED = """
version: 1
instances:
  hub: {region: cn-hangzhou, name: acme-hub, edition: advanced, namespaces: {apps: {auto_create: true}}}
"""
SPEC = """
version: 1
instances:
  hub: {region: cn-hangzhou, name: acme-hub, edition: advanced, namespaces: {apps: {auto_create: true}}}
  eu:
    region: eu-central-1
    name: acme-eu
    edition: basic
    purchase: {period_months: 12, allow: [create]}
    tags: {team: platform, version: "1.10"}
    resource_group: rg-platform
    endpoints: {internet: {enabled: true, allow: [{cidr: 127.0.0.0/8, comment: this machine}]}}
    namespaces: {apps: {auto_create: true}}
replications:
  apps: {source: hub, targets: [eu], level: namespace, namespace: apps}
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path, seed=SEED, spec=SPEC) as made:
        yield made


def orders(stage: Stage) -> int:
    return stage.local.request_counts()["openapi"].get("CreateInstance", 0)


def test_nothing_is_bought_without_the_flag_not_even_from_a_saved_plan(stage: Stage) -> None:
    told = stage.run("plan", "registry.yaml", "--out", "plan.json", expect=0)
    assert "price: 1,356.00 USD" in told
    for what in ("registry.yaml", "plan.json"):
        refused = stage.run("apply", what, "--auto-approve", expect=1)
        assert "the plan buys something (instances.eu), so nothing was applied" in refused
        assert "--exclude instances.eu" in refused
    assert orders(stage) == 0


def test_what_does_not_cost_money_is_applied_without_the_purchase(stage: Stage) -> None:
    stage.apply("--exclude", "instances.eu", expect=0)
    assert orders(stage) == 0


def test_a_purchase_is_usable_at_the_end_of_the_run(stage: Stage) -> None:
    stage.run("plan", "registry.yaml", "--out", "plan.json", expect=0)
    stage.run("apply", "plan.json", "--auto-approve", "--allow-billable", expect=0)
    assert orders(stage) == 1
    stage.settled()
    with stage.cr() as (cr, _, _):
        (made,) = cr.list_instances("eu-central-1")
    assert (made.name, made.edition, made.status) == ("acme-eu", "basic", "RUNNING")
    assert (dict(made.tags), made.resource_group) == ({"team": "platform", "version": "1.10"}, "rg-platform")


def test_an_instance_that_is_no_longer_declared_stays(stage: Stage) -> None:
    stage.apply("--allow-billable", expect=0)
    stage.work.write("registry.yaml", SEED)
    allowed = [word for kind in ("namespaces", "replications") for word in ("--allow-delete", kind)]
    stage.apply("--prune", *allowed, expect=0)
    with stage.cr() as (cr, _, _):
        assert [made.name for made in cr.list_instances("eu-central-1")] == ["acme-eu"]
    assert not {"RefundInstance", "DeleteInstance"} & stage.local.request_counts()["openapi"].keys()


@contextmanager
def losing(endpoint: str, action: str) -> Iterator[str]:
    """A way to `endpoint` on which the answer to the first `action` gets lost after it was carried out."""
    lost: list[str] = []

    class Way(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = dict(self.headers.items())
            # The signature covers the host that was called.
            answer = httpx.post(f"{endpoint}{self.path}", headers=headers, content=body, trust_env=False)
            if self.headers["x-acs-action"] == action and not lost:
                lost.append(action)
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
        assert lost, f"no `{action}` was made"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_order_whose_answer_is_lost_is_placed_once(stage: Stage) -> None:
    with losing(stage.local.endpoint, "CreateInstance") as way:
        stage.apply("--allow-billable", "--endpoint-url", way, expect=0)
    assert orders(stage) == 1
    stage.settled()


def test_a_run_that_is_killed_after_its_order_is_finished_by_the_next_one(
    start_cloud: StartCloud, workspace: Callable[[RunningCloud], Workspace]
) -> None:
    work = workspace(start_cloud(SEED))
    work.write("registry.yaml", SPEC)
    process = work.start("apply", "registry.yaml", "--auto-approve", "--allow-billable")
    credential = StaticCredential(Credential(work.cloud.access_key_id, work.cloud.access_key_secret))
    with closing(open_transport(Endpoint(work.cloud.endpoint), credential)) as transport:
        while not (sold := Bss(transport).bills("eu-central-1")):
            time.sleep(0.005)
        process.kill()
        assert process.wait(timeout=20) == -signal.SIGKILL

        work.run("apply", "registry.yaml", "--auto-approve", "--allow-billable")
        assert [bill.instance_id for bill in Bss(transport).bills("eu-central-1")] == [sold[0].instance_id]
    assert work.plan()["changes"] == []
