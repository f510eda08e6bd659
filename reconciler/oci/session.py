"""Upload sessions: opened, mounted instead, asked how far they are, given back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from reconciler.model.image import Digest
from reconciler.oci import auth
from reconciler.oci.answer import Answer
from reconciler.oci.errors import RegistryError, RegistryRefused, UploadLost
from reconciler.oci.exchange import Call, Exchange

_RANGE = re.compile(r"(?:bytes[= ])?0-(\d+)")


@dataclass(frozen=True, slots=True)
class UploadSession:
    """An upload that the registry opened; `location` is where the next bytes go, a path on the registry itself or a
    URL elsewhere. The registry has confirmed `offset` bytes and takes no fewer than `least` at a time."""

    repository: str
    location: str
    offset: int = 0
    least: int = 0

    @property
    def what(self) -> str:
        return f"upload to {self.repository}"


def begin(exchange: Exchange, repository: str) -> UploadSession:
    """Raises RegistryError."""
    where = _uploads(repository)
    call = Call("POST", where, f"upload to {repository}", auth.push(repository), fine=(202,))
    return opened(exchange, repository, where, exchange.ask(call))


def mount(exchange: Exchange, repository: str, digest: Digest, origin: str) -> UploadSession | None:
    """None when `repository` now has the blob of repository `origin`; else a session to send it to."""
    what = f"mount of {repository}@{digest} from {origin}"
    where = f"{_uploads(repository)}?{urlencode({'mount': digest, 'from': origin})}"
    try:
        answer = exchange.ask(Call("POST", where, what, auth.mount(repository, origin), fine=(201, 202)))
    except RegistryError as error:
        if error.transient:
            raise
        return begin(exchange, repository)
    return None if answer.status == 201 else opened(exchange, repository, where, answer)


def progress(exchange: Exchange, session: UploadSession) -> UploadSession | None:
    """The session with the bytes that the registry has by now; None when it cannot be gone on with.

    Raises RegistryError when the registry cannot be asked.
    """
    call = Call("GET", session.location, session.what, auth.push(session.repository), fine=(200, 202, 204))

    def ask() -> Answer | None:
        try:
            return exchange.ask_once(call)
        except UploadLost:
            return None
        except RegistryError as error:
            if error.transient:
                raise
            return None

    answer = exchange.patience.persist(ask)
    received = None if answer is None else confirmed(answer)
    # `0-0` is one byte by the letter, and what docker-registry says of none.
    if answer is None or received is None or received <= 1:
        return None
    return UploadSession(session.repository, following(exchange, session, answer), received, session.least)


def cancel(exchange: Exchange, session: UploadSession) -> None:
    """Give back a session that is not needed. Raises RegistryError."""
    fine = (200, 202, 204, 404, 405)
    exchange.ask(Call("DELETE", session.location, session.what, auth.push(session.repository), fine=fine))


def confirmed(answer: Answer) -> int | None:
    """How many bytes a registry has, by the Range header of its answer."""
    said = _RANGE.fullmatch(answer.header("range"))
    return None if said is None else int(said[1]) + 1


def following(exchange: Exchange, session: UploadSession, answer: Answer) -> str:
    """Where what comes next goes; a registry that says nothing new stays with what it said."""
    location = answer.header("location")
    return exchange.address(session.location, location) if location else session.location


def opened(exchange: Exchange, repository: str, asked: str, answer: Answer) -> UploadSession:
    """The session of a 202 to a request to `asked`. Raises RegistryRefused when it does not say where it is."""
    location = answer.header("location")
    if not location:
        raise RegistryRefused(exchange.origin.host, f"upload to {repository}: the registry gave no location")
    least = answer.header("oci-chunk-min-length")
    return UploadSession(
        repository,
        exchange.address(asked, location),
        least=int(least) if least.isascii() and least.isdigit() else 0,
    )


def _uploads(repository: str) -> str:
    return f"/v2/{repository}/blobs/uploads/"
