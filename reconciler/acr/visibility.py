"""The service's words for who may pull."""

from __future__ import annotations

from reconciler.acr.answer import Answer
from reconciler.acr.errors import MalformedAnswer
from reconciler.model.spec import Visibility


def written(visibility: Visibility) -> str:
    return visibility.value.upper()


def read(answer: Answer, key: str, default: str | None = None) -> Visibility:
    """PUBLIC or PRIVATE; raises MalformedAnswer for anything else."""
    word = answer.text(key, default)
    match word.upper():
        case "PUBLIC":
            return Visibility.PUBLIC
        case "PRIVATE":
            return Visibility.PRIVATE
        case _:
            raise MalformedAnswer(f"`{answer.action}` answered with a `{key}` that is not known: {word}")
