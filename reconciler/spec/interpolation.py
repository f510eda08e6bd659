"""`${ENV:NAME}`: the one way to put something from outside into the YAML, for values that are not secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.spec.problem import shown

_REFERENCE = re.compile(r"\$\{([^{}]*)\}?")
_NAME = re.compile(r"ENV:([A-Za-z_][A-Za-z0-9_]*)")
_SECRET = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|ACCESS_KEY|PRIVATE_KEY|CREDENTIAL", re.IGNORECASE)


class BadReference(ValueError):
    """`hint` is the next step for the user."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """`text` with its references replaced; what they bring is not looked at again. Raises BadReference."""

    def value(match: re.Match[str]) -> str:
        name = _NAME.fullmatch(match[1]) if match[0].endswith("}") else None
        if name is None:
            raise BadReference(
                f"`{shown(match[0])}` is not a reference that can be resolved",
                "`${ENV:NAME}` is the only interpolation there is",
            )
        variable = name[1]
        if _SECRET.search(variable):
            # What the YAML holds ends up in plans and reports.
            raise BadReference(
                f"environment variable `{variable}` looks like a secret, and the YAML holds no secrets",
                "logins come from the credential chain and from docker's `config.json`",
            )
        if variable not in environment:
            raise BadReference(
                f"environment variable `{variable}` is not set",
                f"set it: `export {variable}=…`",
            )
        return environment[variable]

    return _REFERENCE.sub(value, text)
