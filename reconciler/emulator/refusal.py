"""How the local cloud says no."""

from __future__ import annotations


class Refused(Exception):
    """An operation that the service turns down with `code`.

    `status` is the HTTP status of errors that the API gateway answers itself; None is a refusal by the service, whose
    status is a matter of policy.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
