"""Sending one blob: read, hashed and sent in one pass, and never completed unless digest and size are right.

Blobs up to one piece go in a single PUT. Larger ones go piece by piece (PATCH, the last one with the PUT), so that a
cut or a crash costs less than a piece where the registry lets an upload be continued. docker-registry 2.8 does so only
between pieces: what it got of a broken one makes its signed upload state worthless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from operator import itemgetter
from urllib.parse import quote, urlsplit

from reconciler.model.image import Descriptor, Digest, parse_digest
from reconciler.oci import auth, single_post
from reconciler.oci import session as sessions
from reconciler.oci.answer import Answer
from reconciler.oci.errors import (
    DigestMismatch,
    NotSupported,
    RegistryDenied,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    TooLarge,
    UploadLost,
)
from reconciler.oci.exchange import Call, Exchange
from reconciler.oci.manifest import algorithm_of
from reconciler.oci.measured import MeasuredReader, Readable
from reconciler.oci.session import UploadSession
from reconciler.oci.single_post import SinglePost

BUFFER_SIZE = 256 * 1024

SINGLE_POST_LIMIT = 64 * 1024
"""Bytes of the largest blob that goes in one POST: a registry that does not take it gets the first one twice."""

PIECE = 128 * 1024 * 1024
"""Bytes of one request at most: what a run that is cut off has to send again. docker-registry 2.8 on loopback takes
256 MiB in one PUT in 0.95 s, in pieces of 64 MiB in 1.0 s, of 16 MiB in 1.05 s and of 4 MiB in 1.2 s; under load the
difference is larger."""

_TOGETHER = 64 * 1024
"""Bytes that go out with the head of their request: no more than a kernel takes without waiting for the registry."""

_LEAST_PIECE = 64 * 1024
_SHRINKING = 4
_READS_OF_A_DAMAGED_BLOB = 2

Progress = Callable[[int], None]
"""Called with the number of bytes that went out since the last call."""

OpenAt = Callable[[int], AbstractContextManager[Readable]]
"""Opens a blob's bytes from an offset on."""


@dataclass(slots=True)
class Manner:
    """How one registry takes blobs, as its refusals taught. Shared by threads; what is learned is never unlearned."""

    piece: int = PIECE
    takes_pieces: bool = True
    takes_all_at_once: bool = True
    single_post: SinglePost = field(default_factory=SinglePost)

    def learn(self, *, in_pieces: bool, at_once: bool) -> None:
        """A blob arrived this way. A registry that seems to take neither had a bad moment, and is thought well of."""
        self.takes_pieces = (self.takes_pieces and in_pieces) or not at_once
        self.takes_all_at_once = (self.takes_all_at_once and at_once) or not in_pieces


class Upload:
    """One blob on its way. Every `attempt` goes on from what the registry has by then."""

    def __init__(
        self,
        exchange: Exchange,
        manner: Manner,
        repository: str,
        blob: Descriptor,
        open_at: OpenAt,
        *,
        session: UploadSession | None = None,
        continued: bool = False,
        buffer: memoryview | None = None,
        progress: Progress = lambda _: None,
        moved: Callable[[UploadSession], None] = lambda _: None,
    ) -> None:
        """`session` is open already; `continued` says that somebody may have sent to it. `moved` hears of the session
        before the first byte goes there, of where it stands after each piece, and of one without a location once there
        is nothing to go on from."""
        self._exchange = exchange
        self._manner = manner
        self._repository = repository
        self._blob = blob
        self._open_at = open_at
        self._session = session
        self._buffer = buffer or memoryview(bytearray(min(BUFFER_SIZE, max(blob.size, 1))))
        self._progress = progress
        self._moved = moved
        self._touched = continued
        self._continued = continued
        self._hashed: list[tuple[int, hashlib._Hash]] = []
        self._in_pieces = manner.takes_pieces
        self._at_once = manner.takes_all_at_once
        self._length = 0
        self._completing = False
        self._damaged = 0
        self._broke_off = False
        self.earlier = 0
        """Bytes that somebody else had sent."""

    @property
    def offset(self) -> int:
        """Bytes that the registry has confirmed."""
        return 0 if self._session is None else self._session.offset

    def attempt(self) -> None:
        """Returns once the registry has the blob. Raises RegistryError; a transient one is worth another attempt.

        Raises DigestMismatch when the source has other bytes than the blob; they are never completed.
        """
        while True:
            try:
                self._go_on()
            except TooLarge:
                if not self._smaller():
                    raise
            except NotSupported:
                if not self._other_manner():
                    raise
            except DigestMismatch as error:
                self._start_over()
                if self._damaged >= _READS_OF_A_DAMAGED_BLOB:
                    raise RegistryRefused(error.host, error.message) from error
                raise
            except RegistryUnreachable:
                self._broke_off = True
                raise
            else:
                self._manner.learn(in_pieces=self._in_pieces, at_once=self._at_once)
                return

    def _smaller(self) -> bool:
        least = max(_LEAST_PIECE, 0 if self._session is None else self._session.least)
        if self._length <= least or not self._in_pieces:
            return False
        self._manner.piece = min(self._manner.piece, max(self._length // _SHRINKING, least))
        return True

    def _other_manner(self) -> bool:
        if not (self._in_pieces and self._at_once):
            return False
        if self._completing:
            self._at_once = False
        else:
            self._in_pieces = False
        return True

    def _start_over(self) -> None:
        """What was sent is worth nothing: give it back, and let nobody go on from there."""
        self._damaged += not self._continued
        if self._session is not None and self._touched:
            self._moved(UploadSession(self._repository, ""))
            with suppress(RegistryError):
                sessions.cancel(self._exchange, self._session)
        self._session, self._touched, self._continued = None, False, False
        self._hashed.clear()

    def _go_on(self) -> None:
        if self._touched:
            self._session = self._standing()
            if self._session is None:
                if self._arrived():
                    return
                self._hashed.clear()
        offset = self.offset
        source = self._source(offset)
        with self._open_at(source.received) as reader:
            source.skip(reader, offset, self._buffer)
            last = False
            while not last:
                length, last = self._next_piece(self.offset)
                count = source.fill(reader, self._buffer[:length])
                if last and count == length:
                    source.check()
                if self._session is None:
                    self._session = self._opened(count, whole=last and count == length)
                    if self._session is None:
                        return
                    length, last = self._next_piece(0)  # it may want larger ones than those that were thought of
                self._send(self._session, source, reader, count, length, last=last)

    def _opened(self, count: int, *, whole: bool) -> UploadSession | None:
        """A new session; None when one request brought the `whole` blob there, `count` bytes of the buffer."""
        if not whole or count > SINGLE_POST_LIMIT or not self._manner.single_post.worth_trying():
            return sessions.begin(self._exchange, self._repository)
        self._moved(UploadSession(self._repository, ""))
        self._touched = True
        content = self._buffer[:count]
        answer = single_post.post(self._exchange, self._repository, self._blob, content, self._manner.single_post)
        if isinstance(answer, UploadSession):
            self._touched = False
            return answer
        self._progress(count)
        self._check_stored(answer)
        return None

    def _standing(self) -> UploadSession | None:
        """The session as the registry sees it; None when there is none to go on with."""
        standing = None if self._session is None else sessions.progress(self._exchange, self._session)
        return standing if standing is not None and standing.offset <= self._blob.size else None

    def _arrived(self) -> bool:
        """Whether the registry has the blob, because only its answer was lost."""
        where = f"/v2/{self._repository}/blobs/{self._blob.digest}"
        try:
            call = Call("HEAD", where, self._what, auth.pull(self._repository), fine=(200, 404, 405))
            return self._exchange.ask(call).status == 200
        except RegistryDenied:
            return False

    def _source(self, offset: int) -> MeasuredReader:
        """A reader that starts where the hash stands. What another process sent cannot be hashed without reading it
        again: the registry alone checks the digest then, and if it does not fit, all is sent again."""
        if self._continued and offset:
            self.earlier = self.earlier or offset
            return MeasuredReader(self._exchange.origin.host, self._blob, offset, None)
        self._continued = False
        nothing = (0, hashlib.new(algorithm_of(self._blob.digest)))
        known = (state for state in self._hashed if state[0] <= offset)
        start, digest = max(known, key=itemgetter(0), default=nothing)
        return MeasuredReader(self._exchange.origin.host, self._blob, start, digest.copy())

    def _next_piece(self, offset: int) -> tuple[int, bool]:
        """Bytes of the next request, and whether it is the last one."""
        left = self._blob.size - offset
        if not self._in_pieces:
            return left, True
        least = 0 if self._session is None else self._session.least
        piece = max(self._manner.piece, least)
        if left <= piece and (self._at_once or left == 0):
            return left, True
        return min(left, piece), False

    def _send(
        self, session: UploadSession, source: MeasuredReader, reader: Readable, count: int, length: int, *, last: bool
    ) -> None:
        """Send `length` bytes, of which the buffer holds the first `count`."""
        if not self._touched:
            self._moved(session)
        self._touched = True
        self._length, self._completing = length, last
        left = length
        at_once = count <= _TOGETHER
        if at_once and last and count == left:
            source.check()
        first = self._buffer[: count if at_once else 0]
        call = self._call(session, length, last=last)
        # A registry that closes what it was thought to keep costs one attempt and not all of them.
        with self._exchange.begin(call, length, first, fresh=self._broke_off) as sending:
            while count:
                if not at_once:
                    if last and count == left:
                        source.check()
                    sending.send(self._buffer[:count])
                at_once = False
                self._progress(count)
                left -= count
                count = source.fill(reader, self._buffer[:left])
            if source.digest is not None:
                # Should the answer be lost, what was hashed is what the registry has, and is not read again.
                self._hashed.append((source.received, source.digest.copy()))
            answer = sending.done((201, 204) if last else (201, 202, 204))
        if last:
            self._check_stored(answer)
        else:
            self._confirm(session, answer, session.offset + length)

    def _call(self, session: UploadSession, length: int, *, last: bool) -> Call:
        headers = {"Content-Type": "application/octet-stream"}
        if length and not (last and session.offset == 0):
            headers["Content-Range"] = f"{session.offset}-{session.offset + length - 1}"
        where = session.location
        if last:
            joint = "&" if urlsplit(where).query else "?"
            where = f"{where}{joint}digest={quote(self._blob.digest, safe='')}"
        return Call("PUT" if last else "PATCH", where, self._what, auth.push(self._repository), headers)

    def _confirm(self, session: UploadSession, answer: Answer, expected: int) -> None:
        received = sessions.confirmed(answer)
        if received is not None and received < expected:
            raise UploadLost(self._exchange.origin.host, f"{self._what}: {received} of {expected} bytes arrived")
        where = sessions.following(self._exchange, session, answer)
        self._session = UploadSession(self._repository, where, expected, session.least)
        self._hashed = self._hashed[-1:]
        self._moved(self._session)

    def _check_stored(self, answer: Answer) -> None:
        """Some registries name what they store by another algorithm; only the same one can be compared."""
        stated = _stated(answer.header("docker-content-digest"))
        ours = self._blob.digest
        if stated is not None and algorithm_of(stated) == algorithm_of(ours) and stated != ours:
            raise RegistryRefused(self._exchange.origin.host, f"{self._what}: the registry stored {stated}")

    @property
    def _what(self) -> str:
        return f"upload of {self._repository}@{self._blob.digest}"


def _stated(header: str) -> Digest | None:
    try:
        return parse_digest(header) if header else None
    except ValueError:
        return None
