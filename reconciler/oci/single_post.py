"""Small blobs in one request: `POST …/blobs/uploads/?digest=` with the blob as its body.

The specification leaves it to registries (distribution spec 1.1, "Single POST"): one that does not take it opens an
upload session as if no body had been sent. The first small blob finds out, at the cost of its own bytes.
"""

from __future__ import annotations

import threading
from urllib.parse import quote

from reconciler.model.image import Descriptor
from reconciler.oci import auth, session
from reconciler.oci.answer import Answer
from reconciler.oci.errors import RegistryError
from reconciler.oci.exchange import Call, Exchange
from reconciler.oci.session import UploadSession


class SinglePost:
    """Whether one registry takes blobs in a single POST. While one blob finds out, others go the sure way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: bool | None = None
        self._asking = False

    def worth_trying(self) -> bool:
        """Whoever gets a yes tells what it learned."""
        with self._lock:
            if self._taken is None and not self._asking:
                self._asking = True
                return True
            return self._taken is True

    def learned(self, taken: bool | None) -> None:
        """`taken` is None when the attempt told nothing."""
        with self._lock:
            self._asking = False
            if taken is not None:
                self._taken = taken


def post(
    exchange: Exchange, repository: str, blob: Descriptor, content: memoryview, manner: SinglePost
) -> Answer | UploadSession:
    """The answer of a registry that stored `content`, or the session that it opened instead. Raises RegistryError."""
    where = f"/v2/{repository}/blobs/uploads/?digest={quote(blob.digest, safe='')}"
    what = f"upload of {repository}@{blob.digest}"
    headers = {"Content-Type": "application/octet-stream"}
    taken: bool | None = None
    try:
        call = Call("POST", where, what, auth.push(repository), headers, bytes(content), fine=(201, 202))
        answer = exchange.ask_once(call)
        taken = answer.status == 201
    except RegistryError as error:
        if error.transient:
            raise
        taken = False
        return session.begin(exchange, repository)
    finally:
        manner.learned(taken)
    return answer if taken else session.opened(exchange, repository, where, answer)
