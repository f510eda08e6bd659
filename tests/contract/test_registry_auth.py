"""Logins, TLS and proxies against programs that are not ours; bearer tokens against the local cloud."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from reconciler.emulator.policy import Policy
from reconciler.emulator.server import LocalCloud
from reconciler.model.image import Descriptor
from reconciler.model.spec import Desired
from reconciler.oci import docker_config
from reconciler.oci.client import Registry
from reconciler.oci.errors import RegistryDenied, RegistryRefused, RegistryUnreachable
from reconciler.oci.login import Login
from reconciler.oci.manifest import digest_bytes
from tests.contract.secured import LOGIN, NAME, Authority, client, proxied, serve
from tests.unit.transfer.lab import Painter, content


def push(registry: Registry, repository: str, tag: str = "v1") -> bytes:
    """Pushes an image, and gives the bytes of its manifest as they are read back."""
    Painter(registry, repository).image([content(repository, 50_000)], tag=tag)
    assert tag in registry.tags(repository)
    return registry.manifest(repository, tag).raw


def keep_certificates(home: Path, host: str, authority: Authority, *, client_too: bool = False) -> dict[str, str]:
    """An environment whose `certs.d` has what `host` needs."""
    folder = home / "certs.d" / host
    folder.mkdir(parents=True)
    shutil.copy(authority.certificate, folder / "ca.crt")
    if client_too:
        certificate, key = authority.issue("porter")
        shutil.copy(certificate, folder / "client.cert")
        shutil.copy(key, folder / "client.key")
    return {"DOCKER_CONFIG": str(home)}


def test_basic_login_on_this_machine(tmp_path: Path) -> None:
    with serve(tmp_path / "registry") as server, client(server.host) as registry:
        raw = push(registry, "apps/web")
        credentials = f"--creds={LOGIN.username}:{LOGIN.password}"
        command = ["skopeo", "inspect", "--raw", "--tls-verify=false", credentials]
        seen = subprocess.run([*command, f"docker://{server.host}/apps/web:v1"], check=True, capture_output=True).stdout
        assert seen == raw
        assert server.refusals() == 0


def test_a_wrong_password_is_sent_once(tmp_path: Path) -> None:
    with serve(tmp_path / "registry") as server:
        with client(server.host, Login("porter", "close-sesame")) as registry:
            for number in range(3):
                with pytest.raises(RegistryDenied) as caught:
                    registry.tags(f"apps/r{number}")
                assert "close-sesame" not in str(caught.value)
        with client(server.host, None) as registry, pytest.raises(RegistryDenied, match="no login is known"):
            registry.tags("apps/web")
        assert server.refusals() == 1


def test_logins_of_docker_and_its_helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-vault"
    answer = json.dumps({"ServerURL": "x", "Username": LOGIN.username, "Secret": LOGIN.password})
    helper.write_text(f"#!/bin/sh\ncat > {tmp_path}/asked\necho '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with serve(tmp_path / "registry") as server:
        config = tmp_path / "config.json"
        packed = base64.b64encode(f"{LOGIN.username}:{LOGIN.password}".encode()).decode()
        for document in ({"auths": {server.host: {"auth": packed}}}, {"credHelpers": {server.host: "vault"}}):
            config.write_text(json.dumps(document))
            registry = Registry(server.host, docker_config.logins(config))
            push(registry, "apps/web")
            registry.close()
        assert (tmp_path / "asked").read_text() == f"{server.host}\n"


def test_private_authority_and_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    with serve(tmp_path / "registry", authority=authority, client_certificates=True) as server:
        with (
            client(server.host, plain_http=False, environment={"DOCKER_CONFIG": str(tmp_path)}) as registry,
            pytest.raises(RegistryRefused, match=r"certificate not trusted: .*certs\.d/localhost"),
        ):
            registry.tags("apps/web")

        trusting = keep_certificates(tmp_path / "trusting", server.host, authority)
        with (
            client(server.host, plain_http=False, environment=trusting) as registry,
            pytest.raises(RegistryRefused, match="wants a client certificate"),
        ):
            registry.tags("apps/web")

        known = keep_certificates(tmp_path / "known", server.host, authority, client_too=True)
        with client(server.host, plain_http=False, environment=known) as registry:
            raw = push(registry, "apps/web")

        folder = tmp_path / "known" / "certs.d" / server.host
        command = ["skopeo", "inspect", "--raw", f"--cert-dir={folder}", "--creds=porter:open-sesame"]
        reference = f"docker://{server.host}/apps/web:v1"
        assert subprocess.run([*command, reference], check=True, capture_output=True).stdout == raw


def test_a_stranger_with_another_certificate_gets_no_login(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    with serve(tmp_path / "registry", authority=other) as server:
        wrong = keep_certificates(tmp_path / "home", server.host, authority)
        with (
            client(server.host, plain_http=False, environment=wrong) as registry,
            pytest.raises(RegistryRefused, match="certificate not trusted"),
        ):
            registry.tags("apps/web")
        assert registry.requests.total() == 0


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["client.cert"], "no key beside it: .*client.cert; add client.key"),
        (["client.cert", "client.key"], "cannot be used: .*client.cert"),
        (["ca.crt"], "authority cannot be read: .*ca.crt"),
    ],
)
def test_certificates_that_cannot_be_used_are_named(tmp_path: Path, names: list[str], reason: str) -> None:
    folder = tmp_path / "certs.d" / "r.example.com"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("nothing of the kind")
    with (
        client("r.example.com", environment={"DOCKER_CONFIG": str(tmp_path)}) as registry,
        pytest.raises(RegistryRefused, match=reason),
    ):
        registry.tags("apps/web")


@pytest.mark.parametrize("secure", [True, False])
def test_through_a_proxy(tmp_path: Path, secure: bool) -> None:
    authority = Authority(tmp_path / "authority") if secure else None
    login = "Basic " + base64.b64encode(b"me:proxy-pass").decode()
    with serve(tmp_path / "registry", authority=authority) as server, proxied(login) as proxy:
        host = f"{NAME}:{server.port}"
        environment = keep_certificates(tmp_path / "home", host, authority) if authority else {}
        environment["HTTPS_PROXY" if secure else "HTTP_PROXY"] = f"http://me:proxy-pass@{proxy.address}"
        with client(host, environment=environment, plain_http=not secure) as registry:
            push(registry, "apps/web")
        assert proxy.destinations == {host}
        told = len(proxy.heads)

        # This machine is reached without the proxy.
        with client(f"127.0.0.1:{server.port}", environment=environment, plain_http=True) as registry:
            if secure:
                with pytest.raises(RegistryRefused):
                    registry.tags("apps/web")
            else:
                assert registry.tags("apps/web") == ["v1"]
        assert len(proxy.heads) == told


def test_a_proxy_that_refuses_is_told_without_its_login(tmp_path: Path) -> None:
    with proxied("Basic other") as proxy:
        environment = {"HTTPS_PROXY": f"http://me:proxy-pass@{proxy.address}", "DOCKER_CONFIG": str(tmp_path)}
        with client(NAME, environment=environment) as registry, pytest.raises(RegistryUnreachable) as caught:
            registry.tags("apps/web")
    assert "407" in str(caught.value)
    assert "proxy-pass" not in str(caught.value)
    assert all("Authorization: Basic" in head and "porter" not in head for head in proxy.heads)


class Slow:
    """A reader that takes longer than a token lives."""

    def __init__(self, data: bytes, seconds: float) -> None:
        self._parts = [data[:1000], data[1000:]]
        self._seconds = seconds

    def readinto(self, buffer: memoryview) -> int:
        if not self._parts:
            return 0
        part = self._parts.pop(0)
        if not self._parts:
            time.sleep(self._seconds)
        buffer[: len(part)] = part
        return len(part)

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_tokens_of_two_seconds(seed: Desired) -> None:
    with LocalCloud.start(seed, speed=200, policy=Policy(token_seconds=2.0)) as cloud:
        host = cloud.registries["instances.hub"]
        registry = Registry(host, lambda _: Login(*cloud.access_key))
        push(registry, "apps/web")
        data = content("slow", 60_000)
        blob = Descriptor(digest_bytes(data), len(data))
        registry.persist(registry.upload("apps/web", blob, lambda offset: Slow(data[offset:], 2.2)).attempt)
        push(registry, "apps/web", "v2")
        assert registry.head_blob("apps/web", blob.digest) == blob.size

        push(registry, "apps/api")
        assert registry.mount("apps/api", blob.digest, "apps/web") is None
        assert registry.head_blob("apps/api", blob.digest) == blob.size
        registry.close()
        assert cloud.request_counts()["instances.hub"]["GET token"] > 2
