"""`reconciler emulator`: the local cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the OpenAPI; 0 picks free ports.")] = 5800,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep everything in DIR; default: in memory.")
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Build the account from a spec; purchases are implied.")
    ] = None,
    registry: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help="A real registry behind an instance, e.g. instances.hub=http://…"),
    ] = None,
    other_account: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=UID", help="An instance of the seed that belongs to account UID."),
    ] = None,
    access_key: Annotated[
        str, typer.Option(metavar="ID:SECRET", help="The account's access key.", envvar="RECONCILER_EMULATOR_KEY")
    ] = "emulator:emulator-secret",
    bucket: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FOLDER", help="An OSS bucket that begins as a copy of a folder.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="How much faster than the real cloud time passes.")] = 1.0,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS with a certificate of its own, whose file the ready line names.")
    ] = False,
    throttled: Annotated[float, typer.Option(min=0, max=1, help="Share of the calls that are throttled.")] = 0.0,
    lost: Annotated[float, typer.Option(min=0, max=1, help="Share that is carried out and not answered.")] = 0.0,
    failed: Annotated[
        float, typer.Option(min=0, max=1, help="Share that is answered with 500, half of them carried out.")
    ] = 0.0,
    latency: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Wait before each call.")] = 0.0,
    per_second: Annotated[
        float, typer.Option(min=0, metavar="N", help="Throttle what is beyond N calls a second.")
    ] = 0.0,
    fault_seed: Annotated[int, typer.Option(metavar="N", help="The same seed spoils the same calls.")] = 0,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour, as NO_COLOR does.")] = False,
) -> int:
    """Serve a local cloud: the OpenAPI of ACR and its registries, until it is told to stop.

    Prints one JSON line with its addresses when it is ready. Point the tool at it with RECONCILER_ENDPOINT_URL.
    Replication tasks fail on demand: POST {"tasks": [{"issue": "NETWORK_ERROR", "times": 2}]} to /emulator/faults;
    `repository`, `tag` and `after_layers` narrow it down, GET tells what is left, DELETE takes it back. The options for
    calls can be changed there as well: POST {"calls": {"throttled": 0.05, "lost": 0.02}}.

    \b
    Examples:
      reconciler emulator --seed seed.yaml
      reconciler emulator --port 0 --seed seed.yaml --registry instances.hub=http://127.0.0.1:5000
      reconciler emulator --seed seed.yaml --throttled 0.05 --lost 0.02 --failed 0.01
    """
    import os
    from shutil import rmtree
    from tempfile import mkdtemp

    import httpx

    from reconciler.emulator.call_faults import CallFaults
    from reconciler.emulator.certificate import NoCertificate, certificate_in
    from reconciler.emulator.server import LocalCloud
    from reconciler.model.diagnostic import has_errors
    from reconciler.render import diagnostics_human
    from reconciler.spec.load import load

    console = open_console(no_color=no_color)
    desired = None
    if seed is not None:
        loaded = load([seed], environment=os.environ, seed=True)
        if has_errors(loaded.diagnostics):
            console.out(diagnostics_human.render(loaded.diagnostics, console.style))
            raise Refused(told=True)
        desired = loaded.desired
    behind = dict(_pair(value) for value in registry or ())
    owners = dict(_owner(value) for value in other_account or ())
    key, _, secret = access_key.partition(":")
    if not key or not secret:
        raise typer.BadParameter("--access-key is ID:SECRET")
    own, kept = None, None if state is None else state / "tls"
    try:
        if tls:
            kept = kept or Path(mkdtemp(prefix="reconciler-emulator-"))
            own = certificate_in(kept)
        calls = CallFaults(throttled, lost, failed, latency, per_second, fault_seed)
        cloud = LocalCloud.start(
            desired,
            port=port,
            access_key=(key, secret),
            speed=speed,
            state=state,
            registries=behind,
            owners=owners,
            buckets=dict(_bucket(value) for value in bucket or ()),
            certificate=own,
        )
        cloud.spoil_calls(calls)
    except NoCertificate as error:
        raise Refused(str(error), hint="install `acr-reconciler[tls]`, or leave `--tls` out") from error
    except (ValueError, httpx.HTTPError) as error:
        raise Refused(str(error), hint="correct the seed or the options") from error
    try:
        with cloud:
            console.out(cloud.ready_line(own.certificate if own else None))
            cloud.serve_forever()
    finally:
        if kept is not None and state is None:
            rmtree(kept, ignore_errors=True)
    return Exit.OK


def _bucket(value: str) -> tuple[str, Path]:
    name, equals, folder = value.partition("=")
    if not equals or not name or not folder:
        raise typer.BadParameter(f"`{value}` is not NAME=FOLDER, for example old-registry=./registry-data")
    return name, Path(folder)


def _owner(value: str) -> tuple[str, str]:
    key, _, user_id = value.partition("=")
    if not key or not user_id.isdecimal():
        raise typer.BadParameter(f"`{value}` is not KEY=UID, for example partner=1234567890123456")
    return key, user_id


def _pair(value: str) -> tuple[str, str]:
    name, equals, url = value.partition("=")
    if not equals or not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"`{value}` is not NAME=URL, for example instances.hub=http://127.0.0.1:5000")
    return name, url
