from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import (
    AclEntry,
    Desired,
    Edition,
    InternetEndpoint,
    Level,
    ReplicationRule,
    SamePair,
    Settings,
    Trigger,
    VpcBinding,
)

Connect = Callable[[LocalCloud, str, str], httpx.Client]
Push = Callable[[httpx.Client, str, str, bytes], str]


def test_ready_line(cloud: LocalCloud) -> None:
    line = json.loads(cloud.ready_line())
    assert set(line["registries"]) == {"instances.hub", "instances.eu", "personal.cn-hangzhou"}
    assert (line["access_key_id"], line["access_key_secret"]) == ("emulator", "emulator-secret")
    assert line["endpoint"].startswith("http://127.0.0.1:")
    assert "\n" not in cloud.ready_line()


def test_empty_account_without_a_seed() -> None:
    with LocalCloud.start() as cloud:
        assert dict(cloud.registries) == {}


def test_ports_follow_the_given_one(seed: Desired) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LocalCloud.start(seed, port=port) as cloud:
        assert cloud.endpoint == f"http://127.0.0.1:{port}"
        assert all(int(address.partition(":")[2]) > port for address in cloud.registries.values())


def test_port_in_use_is_an_error(seed: Desired) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            LocalCloud.start(seed, port=taken.getsockname()[1])


def test_same_seed_same_ids(seed: Desired, cloud: LocalCloud) -> None:
    with LocalCloud.start(seed) as other:
        assert other.instance_id("hub") == cloud.instance_id("hub") != cloud.instance_id("eu")


def test_stopping_twice_is_fine(seed: Desired) -> None:
    cloud = LocalCloud.start(seed)
    cloud.stop()
    cloud.stop()


def test_state_survives(seed: Desired, tmp_path: Path, registry: Connect, push: Push) -> None:
    rich = replace(
        seed,
        endpoints=(InternetEndpoint("hub", True, (AclEntry("203.0.113.0/24", "office"),)),),
        vpcs=(VpcBinding("main", "hub", "vpc-1", "vsw-1"),),
        replications=(ReplicationRule("all", "hub", "eu", Level.NAMESPACE, "apps", trigger=Trigger.MANUAL),),
    )
    scope = "repository:apps/web:pull,push"
    with LocalCloud.start(rich, state=tmp_path) as cloud:
        client = registry(cloud, "instances.hub", scope)
        digest = push(client, "apps/web", "v1", b"layer")
        hub = cloud.instance_id("hub")
    saved = json.loads((tmp_path / "account.json").read_text())
    with LocalCloud.start(state=tmp_path) as cloud:
        assert cloud.instance_id("hub") == hub
        client = registry(cloud, "instances.hub", scope)
        assert client.head("/v2/apps/web/manifests/v1").headers["docker-content-digest"] == digest
    assert json.loads((tmp_path / "account.json").read_text()) == saved


def test_saved_file_of_somebody_else_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="not a saved account"):
        LocalCloud.start(state=tmp_path)


def rules(*pairs: tuple[str, str]) -> tuple[ReplicationRule, ...]:
    return tuple(
        ReplicationRule(f"rule-{number}", source, target, Level.NAMESPACE, "apps")
        for number, (source, target) in enumerate(pairs)
    )


def test_seed_that_the_service_would_refuse(seed: Desired) -> None:
    with pytest.raises(ValueError, match=r"replications\.rule-0\[hub\]"):
        LocalCloud.start(replace(seed, replications=rules(("eu", "hub"))))
    twice = rules(("hub", "eu"), ("hub", "eu"))
    with pytest.raises(ValueError, match=r"replications\.rule-1\[eu\]"):
        LocalCloud.start(replace(seed, replications=twice))
    allowed = Settings(same_pair=SamePair.ALLOW)
    with pytest.raises(ValueError, match="replicates just that already"):
        LocalCloud.start(replace(seed, replications=twice, settings=allowed))
    other = (twice[0], replace(twice[1], tags="v.*"))
    LocalCloud.start(replace(seed, replications=other, settings=allowed)).stop()


def test_seed_beyond_the_quota(seed: Desired) -> None:
    many = tuple(replace(seed.namespaces[2], name=f"team-{number}") for number in range(16))
    with pytest.raises(ValueError, match="quota"):
        LocalCloud.start(replace(seed, namespaces=(*seed.namespaces, *many)))
    assert seed.instances[1].edition is Edition.BASIC


def test_serves_until_it_is_told_to_stop() -> None:
    program = (
        "from reconciler.emulator.server import LocalCloud\n"
        "cloud = LocalCloud.start()\n"
        "print(cloud.ready_line(), flush=True)\n"
        "cloud.serve_forever()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = json.loads(process.stdout.readline())["endpoint"]
        assert httpx.get(endpoint, trust_env=False).status_code == 400
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_unsigned_call_gets_the_error_body_of_the_gateway(cloud: LocalCloud) -> None:
    headers = {"x-acs-version": "2018-12-01", "x-acs-action": "ListInstance"}
    answer = httpx.post(cloud.endpoint, headers=headers, trust_env=False)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["Code"], body["HostId"]) == ("IncompleteSignature", cloud.endpoint.removeprefix("http://"))
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["RequestId"] == body["RequestId"].upper()
