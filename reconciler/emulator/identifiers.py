"""Ids in the service's formats: a prefix and sixteen of a-z and 0-9."""

from __future__ import annotations

import hashlib
import string
import uuid

_ALPHABET = string.digits + string.ascii_lowercase
_LENGTH = 16


def resource_id(prefix: str, *names: str) -> str:
    """The same names always give the same id, so that an account built from a seed looks the same every time."""
    number = int.from_bytes(hashlib.sha256("\0".join((prefix, *names)).encode()).digest())
    letters = []
    for _ in range(_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return f"{prefix}-{''.join(letters)}"


def request_id() -> str:
    return str(uuid.uuid4()).upper()


def batch_id() -> str:
    return str(uuid.uuid4())
