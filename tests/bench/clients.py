"""The clients: how each is told to bring repositories, every tag of them, from one registry to another.

Each gets the fastest of the ways that its documentation offers, with the numbers that were best on two cores.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.bench.authority import Authority
from tests.bench.corpus import Corpus


class Client(StrEnum):
    OURS = "reconciler"
    SKOPEO = "skopeo sync"
    CRANE = "crane"
    REGSYNC = "regsync"
    IMAGE_SYNCER = "image-syncer"


@dataclass(frozen=True, slots=True)
class Job:
    """`folder` is the client's own, for its files and as its home; `authority` signed for both hosts, if for any."""

    corpus: Corpus
    source: str
    target: str
    folder: Path
    authority: Authority | None = None

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """Source and target of each repository."""
        return [(f"{self.source}/{path}", f"{self.target}/{path}") for path in self.corpus.paths]


@dataclass(frozen=True, slots=True)
class Invocation:
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def available() -> tuple[Client, ...]:
    """Ours, skopeo, and of the others those that are on PATH."""
    return tuple(client for client in Client if client not in _PROGRAMS or shutil.which(_PROGRAMS[client]))


def version(client: Client) -> str:
    """In the words of the program, where it has any."""
    command = _VERSIONS.get(client)
    if command is None:
        return "it does not say"
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    # regsync has several lines.
    line = next((line for line in said if line.startswith("VCSTag:")), said[0])
    return line.split()[-1]


def invocation(client: Client, job: Job) -> Invocation:
    """The files that `client` wants are written to the job's folder."""
    job.folder.mkdir(parents=True, exist_ok=True)
    made = _INVOCATIONS[client](job)
    return Invocation(made.command, {"HOME": str(job.folder), **made.environment})


def _ours(job: Job) -> Invocation:
    """An authority per host is found where docker and podman keep it."""
    environment = {}
    scheme = "http"
    if job.authority is not None:
        scheme = "https"
        environment["DOCKER_CONFIG"] = str(job.folder / "docker")
        for host in (job.source, job.target):
            place = job.folder / "docker" / "certs.d" / host
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(job.authority.certificate, place)
    journal = str(job.folder / "journal.jsonl")
    command = (sys.executable, "-m", "tests.bench.copying", scheme, job.source, job.target, journal)
    return Invocation((*command, *job.corpus.paths), environment)


def _skopeo(job: Job) -> Invocation:
    verify, source_trust = "false", ""
    trust: tuple[str, ...] = ()
    if job.authority is not None:
        folder = job.authority.certificate.parent / "skopeo"
        folder.mkdir(exist_ok=True)
        shutil.copy(job.authority.certificate, folder)
        verify, source_trust, trust = "true", f"  cert-dir: {folder}\n", ("--dest-cert-dir", str(folder))
    wanted = job.folder / "sync.yaml"
    repositories = "".join(f'    "{path}": []\n' for path in job.corpus.paths)
    wanted.write_text(f'"{job.source}":\n  tls-verify: {verify}\n{source_trust}  images:\n{repositories}')
    command = f"skopeo --insecure-policy sync --all --dest-tls-verify={verify} --src yaml --dest docker".split()
    return Invocation((*command, *trust, str(wanted), f"{job.target}/{job.corpus.folder}"))


def _crane(job: Job) -> Invocation:
    """Whole repositories, four at once: a process for each tag takes longer."""
    wanted = job.folder / "repositories.txt"
    wanted.write_text("".join(f"{source} {target}\n" for source, target in job.pairs))
    return Invocation(
        ("xargs", "-P", "4", "-n", "2", "-a", str(wanted), "crane", "copy", "--all-tags", "--jobs", "4"), _go(job)
    )


def _regsync(job: Job) -> Invocation:
    """An entry for each repository. With one for each tag, side by side, docker-registry now and then finds a blob's
    digest wrong that two of them send to the same repository at once, and regsync fails."""
    tls: dict[str, str] = {"tls": "disabled"}
    if job.authority is not None:
        tls = {"tls": "enabled", "regcert": job.authority.certificate.read_text()}
    document = {
        "version": 1,
        "creds": [{"registry": host, "reqConcurrent": 32, **tls} for host in (job.source, job.target)],
        "defaults": {"parallel": 32, "skipDockerConfig": True},
        "sync": [{"source": source, "target": target, "type": "repository"} for source, target in job.pairs],
    }
    config = job.folder / "regsync.yaml"
    config.write_text(json.dumps(document))
    return Invocation(("regsync", "once", "-c", str(config)))


def _image_syncer(job: Job) -> Invocation:
    logins, images = job.folder / "auth.json", job.folder / "images.json"
    hosts = (job.source, job.target)
    logins.write_text(json.dumps({host: {"insecure": job.authority is None} for host in hosts}))
    images.write_text(json.dumps(dict(job.pairs)))
    command = ("image-syncer", "--proc=16", f"--auth={logins}", f"--images={images}", "--retries=3")
    return Invocation(command, _go(job))


def _go(job: Job) -> Mapping[str, str]:
    """How Go's programs without an option of their own are told whom to trust."""
    return {} if job.authority is None else {"SSL_CERT_FILE": str(job.authority.certificate)}


_INVOCATIONS: Mapping[Client, Callable[[Job], Invocation]] = {
    Client.OURS: _ours,
    Client.SKOPEO: _skopeo,
    Client.CRANE: _crane,
    Client.REGSYNC: _regsync,
    Client.IMAGE_SYNCER: _image_syncer,
}
_PROGRAMS: Mapping[Client, str] = {
    Client.CRANE: "crane",
    Client.REGSYNC: "regsync",
    Client.IMAGE_SYNCER: "image-syncer",
}
_VERSIONS: Mapping[Client, Sequence[str]] = {
    Client.SKOPEO: ("skopeo", "--version"),
    Client.CRANE: ("crane", "version"),
    Client.REGSYNC: ("regsync", "version"),
}
