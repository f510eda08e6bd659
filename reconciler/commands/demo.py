"""`reconciler demo`: the whole job on this machine, with a local cloud and real images."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.commands.console import Console, open_console
from reconciler.commands.exits import Exit, Refused

if TYPE_CHECKING:
    from reconciler.emulator.server import LocalCloud

_SPEC = Path("registry.yaml")


def demo(
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Work in DIR and leave its files; default: a temporary folder.")
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour, as NO_COLOR does.")] = False,
) -> int:
    """Move real images from a Personal Edition into an instance and on to a replica, all on this machine.

    Starts a local cloud with images in it, then validates, plans, applies, plans again (nothing to do), changes
    something behind the tool's back, finds the drift and heals it. Needs no account and no network.

    \b
    Examples:
      reconciler demo
      reconciler demo --keep demo
    """
    from reconciler.emulator.scene import text
    from reconciler.emulator.server import LocalCloud
    from reconciler.spec.load import load

    console = open_console(no_color=no_color)
    with _folder(keep) as folder, chdir(folder):
        _SPEC.write_text(text("registry.yaml"), encoding="utf-8")
        account = Path("account.yaml")
        account.write_text(text("account.yaml"), encoding="utf-8")
        seed = load([account], environment={}, seed=True).desired
        with LocalCloud.start(seed, speed=20) as cloud, _credentials(cloud):
            _fill(cloud, console)
            _crowd(cloud, console)
            _walk(cloud, console, no_color=no_color)
    return Exit.OK


def _walk(cloud: LocalCloud, console: Console, *, no_color: bool) -> None:
    from reconciler.commands.apply import apply
    from reconciler.commands.drift import drift
    from reconciler.commands.plan import plan
    from reconciler.commands.validate import validate

    url = cloud.endpoint
    _say(console, "reconciler validate registry.yaml")
    _expect(Exit.OK, validate([_SPEC], no_color=no_color))
    _say(console, "reconciler plan registry.yaml --out plan.json --detailed-exitcode")
    made = plan([_SPEC], out=Path("plan.json"), detailed_exitcode=True, endpoint_url=url, no_color=no_color)
    _expect(Exit.CHANGES, made)
    _say(console, "reconciler apply plan.json --auto-approve")
    _expect(Exit.OK, apply([Path("plan.json")], auto_approve=True, endpoint_url=url, no_color=no_color))
    _say(console, "reconciler plan registry.yaml --detailed-exitcode")
    _expect(Exit.OK, plan([_SPEC], detailed_exitcode=True, endpoint_url=url, no_color=no_color))
    _meddle(cloud, console)
    _say(console, "reconciler drift registry.yaml")
    _expect(Exit.CHANGES, drift([_SPEC], endpoint_url=url, no_color=no_color))
    _say(console, "reconciler apply registry.yaml --auto-approve")
    _expect(Exit.OK, apply([_SPEC], auto_approve=True, endpoint_url=url, no_color=no_color))
    _say(console, "reconciler drift registry.yaml")
    _expect(Exit.OK, drift([_SPEC], endpoint_url=url, no_color=no_color))


def _fill(cloud: LocalCloud, console: Console) -> None:
    from reconciler.emulator.scene.images import push, scene
    from reconciler.oci.client import Registry
    from reconciler.oci.login import Login

    hosts = {"personal": cloud.registries["personal.cn-hangzhou"], "hub": cloud.registries["instances.hub"]}
    login = Login(*cloud.access_key)
    registries = {name: Registry(host, lambda _: login) for name, host in hosts.items()}
    count = 0
    for name, repository, tag, image in scene():
        push(registries[name], repository, image, tag)
        count += tag is not None
    console.note(f"a local cloud is at {cloud.endpoint}, with {count} images of this Python's own library in it")


def _crowd(cloud: LocalCloud, console: Console) -> None:
    """A short rush, to see how one is met: nothing is lost, and nothing sent twice."""
    from reconciler.emulator.rush import Rush

    cloud.rush(Rush(after=8, seconds=1.0))
    console.note("its registries will ask for a second of quiet in the middle of the transfer")


def _meddle(cloud: LocalCloud, console: Console) -> None:
    """Change a setting and a tag behind the tool's back."""
    from reconciler.commands.cloud import open_cloud
    from reconciler.emulator.scene.images import intruder, push
    from reconciler.model.spec import Visibility
    from reconciler.oci.client import Registry
    from reconciler.oci.login import Login

    console.note("\n# somebody makes a namespace of the hub public and pushes over a tag of the replica")
    with open_cloud(cloud.endpoint, writes=True) as opened:
        hub = next(found for found in opened.cr.list_instances("cn-hangzhou") if found.name == "acme-hub")
        opened.cr.update_namespace(hub.region, hub.id, "apps", auto_create=True, visibility=Visibility.PUBLIC)
    login = Login(*cloud.access_key)
    push(Registry(cloud.registries["instances.eu"], lambda _: login), "apps/portal", intruder(), "v8")


def _say(console: Console, command: str) -> None:
    from reconciler.render.style import Tone

    console.out("\n" + console.style.paint(f"$ {command}", Tone.STRONG))


def _expect(wanted: Exit, found: int) -> None:
    if found != wanted:
        raise Refused(f"the demo expected exit code {wanted} and got {found}")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        yield Path(folder)


@contextmanager
def _credentials(cloud: LocalCloud) -> Iterator[None]:
    """The local cloud's access key, where the tool looks for one; what was there before comes back."""
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(zip(names[:2], cloud.access_key, strict=True))
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)
