"""What a registry asks for when it answers 401: the `WWW-Authenticate` header (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s+|$)")
_PARAMETER = re.compile(r"\s*,?\s*([A-Za-z0-9_-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))")


@dataclass(frozen=True, slots=True)
class Challenge:
    """`scheme` is in lower case; parameter names are, too."""

    scheme: str
    parameters: Mapping[str, str]


def parse(header: str) -> tuple[Challenge, ...]:
    """Every challenge of the header, in its order; what cannot be read ends the list."""
    challenges: list[Challenge] = []
    position = 0
    while position < len(header):
        scheme = _SCHEME.match(header, position)
        if scheme is None:
            break
        position = scheme.end()
        parameters: dict[str, str] = {}
        while (parameter := _PARAMETER.match(header, position)) is not None:
            quoted, bare = parameter.group(2), parameter.group(3)
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
            parameters[parameter.group(1).lower()] = value
            position = parameter.end()
        challenges.append(Challenge(scheme.group(1).lower(), parameters))
    return tuple(challenges)
