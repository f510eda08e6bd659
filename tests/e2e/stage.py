"""A small account with images in it, the program at work on it, and a hand in the cloud to change things behind it."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.acr.cr import Cr
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.transport import open_transport
from reconciler.emulator.scene.images import Image, Layer, digest_of, image, push
from reconciler.emulator.server import LocalCloud
from reconciler.model.image import Descriptor, Digest
from reconciler.oci.client import Registry
from reconciler.oci.login import Login
from reconciler.spec.load import load
from tests.e2e.conftest import PROGRAM, RunningCloud, Workspace
from tests.e2e.test_main_job import SEED, SPEC

KEY = ("id-of-a-test", "canary-7d1f-secret")
PERSONAL, HUB, EU = "personal.cn-hangzhou", "instances.hub", "instances.eu"
_NO_REGISTRIES: Mapping[str, str] = {}
_PROMPT = b"Only `yes` is accepted"


def picture(name: str, size: int = 500) -> Image:
    """An image that is told from others by its one layer of `size` bytes."""
    content = hashlib.shake_256(name.encode()).digest(size)
    digest = digest_of(content)
    layer = Layer(content, Descriptor(digest, size, "application/vnd.oci.image.layer.v1.tar"), digest)
    return image([layer], "2026-10-01T08:00:00Z")


@dataclass(frozen=True)
class Stage:
    """`outputs` collects everything that the program said."""

    local: LocalCloud
    work: Workspace
    outputs: list[str] = field(default_factory=list)

    def registry(self, holder: str) -> closing[Registry]:
        return closing(Registry(self.local.registries[holder], lambda _: Login(*self.local.access_key)))

    def push(self, holder: str, repository: str, tag: str, made: Image) -> Digest:
        with self.registry(holder) as registry:
            return push(registry, repository, made, tag)

    def digest(self, holder: str, repository: str, tag: str) -> Digest | None:
        with self.registry(holder) as registry:
            found = registry.head_manifest(repository, tag)
        return found.digest if found else None

    @contextmanager
    def cr(self) -> Iterator[tuple[Cr, str, str]]:
        """The hub's API with its region and id, for writing behind the program's back."""
        credential = StaticCredential(Credential(*self.local.access_key))
        with closing(open_transport(Endpoint(self.local.endpoint), credential)) as transport:
            yield Cr(transport), "cn-hangzhou", self.local.instance_id("hub")

    def run(self, *arguments: str, expect: int) -> str:
        done = self.work.run(*arguments, expect=expect)
        self.outputs.append(done.out + done.err)
        return self.outputs[-1]

    def apply(self, *arguments: str, expect: int = 0) -> str:
        return self.run("apply", "registry.yaml", "--auto-approve", *arguments, expect=expect)

    def settled(self) -> None:
        """The plan is empty."""
        assert "nothing to do" in self.run("plan", "registry.yaml", "--detailed-exitcode", expect=0)

    def apply_with_a_pause(self, meddle: Callable[[], object], expect: int) -> str:
        """`apply` at a terminal; `meddle` is done while it asks for approval."""
        ours, theirs = pty.openpty()
        environment = {k: v for k, v in self.work.cloud.environment().items() if k != "CI"}
        process = subprocess.Popen(
            [*PROGRAM, "apply", "registry.yaml"],
            cwd=self.work.folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        told = b""
        with suppress(OSError):  # a terminal whose program has ended
            while _PROMPT not in told and (more := os.read(ours, 65536)):
                told += more
            meddle()
            os.write(ours, b"yes\n")
            while more := os.read(ours, 65536):
                told += more
        code = process.wait(timeout=60)
        os.close(ours)
        text = told.decode()
        self.outputs.append(text)
        assert code == expect, text
        return text

    def report(self, file: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.work.folder / file).read_text())
        return found


def elsewhere(stage: Stage, endpoint: str, secret: str = KEY[1]) -> Stage:
    """The same workspace with another endpoint or secret."""
    cloud = RunningCloud(endpoint, KEY[0], secret, {})
    return Stage(stage.local, Workspace(stage.work.folder, cloud), stage.outputs)


@contextmanager
def staged(
    folder: Path,
    *,
    seed: str = SEED,
    spec: str = SPEC,
    registries: Mapping[str, str] = _NO_REGISTRIES,
    images: int = 0,
    speed: float = 200,
) -> Iterator[Stage]:
    """A cloud with `images` images `apps/web:v1`, `apps/api:v2`, … in Personal Edition, and a folder with the spec.

    At the end nothing that was said or left behind may hold the access key's secret.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seed.yaml").write_text(seed, encoding="utf-8")
    account = load([folder / "seed.yaml"], environment={}, seed=True).desired
    with LocalCloud.start(account, access_key=KEY, speed=speed, registries=registries) as local:
        work = folder / "work"
        work.mkdir()
        stage = Stage(local, Workspace(work, RunningCloud(**json.loads(local.ready_line()))))
        work_file = stage.work.write("registry.yaml", spec)
        for number in range(1, images + 1):
            stage.push(PERSONAL, f"apps/{('web', 'api')[(number - 1) % 2]}", f"v{number}", picture(f"image {number}"))
        yield stage
        left = {path: path.read_bytes() for path in work.rglob("*") if path.is_file() and path != work_file}
        for text in (*stage.outputs, *(content.decode(errors="replace") for content in left.values())):
            assert KEY[1] not in text
            assert "Traceback" not in text
