"""What is wrong with one image or one repository is told with its reason, in the plan and in the report, and stops
nothing else. The expected output is what the program says about images, without what differs from run to run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.oci.manifest import OCI_MANIFEST
from tests.e2e import images
from tests.e2e.gate import Guard, gate
from tests.e2e.stage import EU, HUB, PERSONAL, Stage, elsewhere, picture, staged
from tests.e2e.test_main_job import SEED, SPEC
from tests.unit.transfer.lab import serve

ALONE = SPEC[: SPEC.index("replications:")].replace("latest: 10", "latest: 100")
_ABOUT_IMAGES = re.compile(r"^ *(?:imports|run <id>|drift:|(?:error|warning|info)\[R-(?:IMP|READ|SPEC))", re.MULTILINE)
_VARIES = (
    (re.compile(r"127\.0\.0\.1:\d+"), "<registry>"),
    (re.compile(r"\(\d+\.\d+s\)"), "(<time>)"),
    (re.compile(r"\d+\.\d+s\b"), "<time>"),
    (re.compile(r"[\d,]+\.\d+ MB/s"), "<rate>"),
    (re.compile(r"\d+ requests?(?: \(\d+ expected\))?"), "<requests>"),
    (re.compile(r"apply: \d+ done"), "apply: <steps> done"),
    (re.compile(r"cri-[a-z0-9]+"), "<instance>"),
    (re.compile(r"crr-[a-z0-9]+"), "<repository>"),
    (re.compile(r"run \d{8}T\d{6}Z(?:-\d+)?"), "run <id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
)


@pytest.fixture(autouse=True)
def _one_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def stable(text: str) -> str:
    """The paragraphs about the import and its images, without what differs from run to run."""
    for pattern, replacement in _VARIES:
        text = pattern.sub(replacement, text)
    return "\n\n".join(part for part in text.split("\n\n") if _ABOUT_IMAGES.search(part))


def push_schema_1(stage: Stage, repository: str, tag: str) -> None:
    """What old clients pushed, as far as a reader tells by: the version that it states."""
    with stage.registry(PERSONAL) as registry:
        config = registry.put_blob_bytes(repository, b"{}")
        descriptor = {"mediaType": "application/octet-stream", "digest": config.digest, "size": config.size}
        document = {"schemaVersion": 1, "mediaType": OCI_MANIFEST, "config": descriptor, "layers": [], "fsLayers": []}
        registry.put_manifest(repository, tag, json.dumps(document).encode(), OCI_MANIFEST)


def test_images_that_cannot_be_read(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with staged(tmp_path, spec=ALONE) as direct, gate(direct.local.endpoint) as opened:
        direct.push(PERSONAL, "apps/web", "v1", picture("good"))
        push_schema_1(direct, "apps/web", "v2")
        direct.push(PERSONAL, "apps/web", "v3", picture("deleted while it is read"))
        direct.push(PERSONAL, "apps/secret", "v1", picture("secret"))
        direct.push(PERSONAL, "apps/api", "v1", picture("good too"))
        stage = elsewhere(direct, opened.endpoint)

        def refuse(action: str, path: str) -> bytes | None:
            if action == "GetRepoTags" and path.startswith("/repos/apps/secret/tags?"):
                return b'{"code": "NoPermission", "message": "not authorized", "requestId": "4F2A"}'
            return None

        def delete(action: str, path: str) -> None:
            there = direct.digest(PERSONAL, "apps/web", "v3")
            if action == "GetRepoTags" and path.startswith("/repos/apps/web/tags?") and there:
                images.delete(f"{direct.local.registries[PERSONAL]}/apps/web:v3", ":".join(direct.local.access_key))

        opened.guard, opened.after = refuse, delete
        told = [stage.run("plan", "registry.yaml", expect=1)]
        direct.push(PERSONAL, "apps/web", "v3", picture("deleted while it is read"))
        told.append(stage.apply("--report", "report.json", expect=3))
        assert stage.digest(HUB, "apps/web", "v1") == picture("good").root.descriptor.digest
        assert stage.digest(HUB, "apps/api", "v1") == picture("good too").root.descriptor.digest
        assert stage.digest(HUB, "apps/web", "v2") is None
        ended = stage.report("report.json")["images"]
        assert isinstance(ended, list)
        failed = {
            image["target"].rsplit("/", 1)[1]: image["retryable"] for image in ended if image["result"] == "failed"
        }
        assert failed == {"web:v2": False, "web:v3": True}

        # Nothing is left to do, and something is still left.
        told.append(stage.apply(expect=3))
        told.append(stage.run("drift", "registry.yaml", expect=1))
        assert stable("\n".join(told)) == snapshot


def denied(*refused: tuple[str, str]) -> Guard:
    """Refuses calls of an action whose path or query has a text in it."""

    def refuse(action: str, path: str) -> bytes | None:
        if any(action == name and text in unquote(path) for name, text in refused):
            return b'{"code": "NoPermission", "message": "not authorized", "requestId": "4F2A"}'
        return None

    return refuse


def test_a_namespace_that_may_not_be_read(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    seed = SEED.replace("{apps: {", "{secret: {}, vault: {}, apps: {")
    spec = ALONE.replace("namespaces: [apps]", "namespaces: [apps, secret, vault]")
    prune = ("--prune", "--allow-delete", "namespaces", "--allow-delete", "repositories:9")
    with staged(tmp_path, seed=seed, spec=spec) as direct, gate(direct.local.endpoint) as opened:
        for repository in ("apps/web", "secret/web", "vault/web"):
            direct.push(PERSONAL, repository, "v1", picture(repository))
        stage = elsewhere(direct, opened.endpoint)
        closed = denied(("GetNamespace", "/namespace/secret"), ("GetRepoListByNamespace", "/repos/vault?"))
        opened.guard = closed
        told = [stage.run("plan", "registry.yaml", expect=1), stage.apply(expect=3)]
        assert stage.digest(HUB, "apps/web", "v1") == picture("apps/web").root.descriptor.digest
        # Nothing is left to do, and something is still left.
        told += [stage.apply(expect=3), stage.run("drift", "registry.yaml", expect=1)]

        opened.guard = denied()
        stage.apply()
        assert stage.digest(HUB, "secret/web", "v1") == picture("secret/web").root.descriptor.digest
        opened.guard = closed
        told.append(stage.apply(*prune, expect=3))
        for repository in ("apps/web", "secret/web", "vault/web"):
            assert stage.digest(HUB, repository, "v1")
        opened.guard = denied()
        stage.settled()
        assert stable("\n".join(told)) == snapshot


def test_a_target_whose_tags_may_not_be_listed(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with staged(tmp_path, images=2) as direct, gate(direct.local.endpoint) as opened:
        direct.apply()
        direct.push(HUB, "apps/web", "v1", picture("theirs"))
        for repository in ("apps/web", "apps/api"):
            direct.push(PERSONAL, repository, "v3", picture(f"newer {repository}"))
        with direct.cr() as (cr, region, hub):
            (web,) = (found.id for found in cr.list_repositories(region, hub) if found.name == "apps/web")
        stage = elsewhere(direct, opened.endpoint)
        opened.guard = denied(("ListRepoTag", f"RepoId={web}"))
        told = [stage.run("plan", "registry.yaml", expect=1), stage.apply(expect=3)]
        for place in (HUB, EU):
            assert stage.digest(place, "apps/api", "v3") == picture("newer apps/api").root.descriptor.digest
            assert stage.digest(place, "apps/web", "v3") is None
        assert stage.digest(HUB, "apps/web", "v1") == picture("theirs").root.descriptor.digest
        told += [stage.apply(expect=3), stage.run("drift", "registry.yaml", expect=1)]

        opened.guard = denied()
        stage.apply()
        assert stage.digest(HUB, "apps/web", "v1") != picture("theirs").root.descriptor.digest
        stage.settled()
        assert stable("\n".join(told)) == snapshot


def test_a_target_that_is_deleted_while_it_is_read(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with staged(tmp_path, spec=ALONE, images=2) as direct, gate(direct.local.endpoint) as opened:
        direct.apply()
        direct.push(PERSONAL, "apps/api", "v3", picture("newer"))
        stage = elsewhere(direct, opened.endpoint)

        def delete(action: str, path: str) -> None:
            with direct.cr() as (cr, region, hub):
                if action == "ListRepository" and f"InstanceId={hub}" in path:
                    (web,) = (found.id for found in cr.list_repositories(region, hub) if found.name == "apps/web")
                    cr.delete_repository(region, hub, web)

        opened.after = delete
        told = [stage.run("plan", "registry.yaml", expect=1)]
        opened.after = lambda _action, _path: None
        stage.apply()
        assert stage.digest(HUB, "apps/web", "v1")
        assert stable("\n".join(told)) == snapshot


def test_a_blob_that_its_source_has_lost(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with (
        serve(tmp_path / "source") as source,
        staged(tmp_path / "stage", spec=ALONE, registries={PERSONAL: f"http://{source.host}"}) as stage,
    ):
        lost = picture("lost")
        stage.push(PERSONAL, "apps/web", "v1", lost)
        stage.push(PERSONAL, "apps/web", "v2", picture("kept"))
        source.stored(lost.blobs[-1][0].digest).unlink()
        told = [stage.apply(expect=3), stage.run("records", "last", "--failed", expect=0)]
        assert stage.digest(HUB, "apps/web", "v2") == picture("kept").root.descriptor.digest
        assert stable("\n".join(told)) == snapshot


def test_tags_that_the_target_keeps(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """By its own immutability, and because the import is not to overwrite."""
    seed = SEED.replace(
        "name: acme-hub}",
        "name: acme-hub, namespaces: {apps: {auto_create: true}},\n"
        "        repositories: {apps/web: {tag_immutability: true}, apps/api: {}}}",
    )
    with staged(tmp_path, seed=seed, spec=ALONE, images=4) as stage:
        stage.push(HUB, "apps/web", "v1", picture("theirs"))
        stage.push(HUB, "apps/api", "v2", picture("theirs"))
        told = [stage.apply(expect=3)]
        stage.push(PERSONAL, "apps/api", "v2", picture("newer"))
        stage.push(PERSONAL, "apps/api", "v6", picture("new"))
        stage.work.write("registry.yaml", ALONE.replace("    images:", "    overwrite: false\n    images:"))
        told.append(stage.apply("--report", "report.json", expect=0))
        assert stage.digest(HUB, "apps/web", "v1") == picture("theirs").root.descriptor.digest
        assert stable("\n".join(told)) == snapshot


def test_a_namespace_that_is_not_there(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with staged(tmp_path, spec=ALONE.replace("namespaces: [apps]", "namespaces: [apps, nowhere]"), images=1) as stage:
        assert stable(stage.apply(expect=1)) == snapshot


@pytest.mark.parametrize("selection", ["{tags: 'v(1'}", "{latest: 1001}", "{latest: -1}", "{latest: many}"])
def test_a_selection_that_is_none(selection: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    spec = re.sub(r"images: \{.*\}", f"images: {selection}", ALONE)
    assert selection in spec
    with staged(tmp_path, spec=spec) as stage:
        assert stable(stage.apply(expect=1)) == snapshot
