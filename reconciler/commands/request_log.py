"""`--log-file`: every call of the OpenAPI as a line of JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.commands.exits import Refused

if TYPE_CHECKING:
    from reconciler.acr.events import CallMade


@contextmanager
def request_log(file: Path | None, note: Callable[[str], None]) -> Iterator[Callable[[CallMade], None] | None]:
    """What records calls in `file`, at its end and for the owner's eyes only; None without a file.

    A log that cannot be written any more is told once by `note`, and the work goes on without it. Raises Refused for a
    file that cannot be opened.
    """
    if file is None:
        yield None
        return
    from reconciler.render.request_log import line

    try:
        target = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(
            f"cannot write the request log `{file}`: {error.strerror}", hint="correct `--log-file`"
        ) from error
    lock, broken = Lock(), False

    def record(made: CallMade) -> None:
        nonlocal broken
        data = f"{line(made)}\n".encode(errors="backslashreplace")
        with lock:
            if broken:
                return
            try:
                while data:
                    data = data[os.write(target, data) :]
            except OSError as error:
                broken = True
                note(f"warning: the request log `{file}` ends here: {error.strerror}")

    try:
        yield record
    finally:
        os.close(target)
