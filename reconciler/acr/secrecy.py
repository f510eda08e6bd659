"""What may be told of a call: never a secret of the credential, never what a parameter with such a name holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

HIDDEN = "***"

# Tokens of pages and of idempotency are no secrets and worth reading.
_SECRET_NAME = re.compile(r"password|secret|signature|(?<!next)(?<!client)token", re.IGNORECASE)


def without(text: str, secrets: Iterable[str]) -> str:
    """`text` with `***` for every secret, as it is and as it is written in addresses and in JSON. A refusal of a
    signature quotes the request that the service saw."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        text = text.replace(form, HIDDEN)
    return text


def _forms(secret: str) -> tuple[str, ...]:
    return (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])


def public(query: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The parameters of a call as they may be told."""
    hidden = tuple(secrets)
    return {name: HIDDEN if _SECRET_NAME.search(name) else without(value, hidden) for name, value in query.items()}


def secret_values(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What the parameters hold that have the name of a secret."""
    return tuple(value for name, value in pairs if _SECRET_NAME.search(name))
