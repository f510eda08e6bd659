"""What a conversion has to say about the file that it reads."""

from __future__ import annotations

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.place import Span
from reconciler.model.rulebook import Rule

RULES = (
    Rule(
        "R-CONV-1",
        "a configuration that is none of the known ones",
        "`convert` reads the YAML or JSON of `skopeo sync`, regsync and image-syncer, and knows each by its keys.",
        "Name the tool with `--from`, or correct the file.",
    ),
    Rule(
        "R-CONV-2",
        "an entry that cannot be read",
        "The entry is not what its tool accepts in this place; nothing is converted while there is one.",
        "Correct the entry; the tool itself would refuse or ignore it.",
    ),
    Rule(
        "R-CONV-3",
        "something without an equivalent",
        "The other tool can be told something that an import cannot. The finding says what is left out, or what the "
        "import does instead; the YAML has the same words in a comment.",
        "Look at the import, and at its plan, before it is applied.",
    ),
    Rule(
        "R-CONV-4",
        "something that has its place elsewhere",
        "Logins, certificates, schedules and limits are not part of an import: logins come from docker's `config.json` "
        "and from the cloud, limits are options of `apply`, and a schedule is the pipeline's.",
        "See docs/registry-access.md and `reconciler apply --help`.",
    ),
)


def unreadable(what: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic("R-CONV-2", Severity.ERROR, what, hint=hint, span=span)


def no_equivalent(what: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic("R-CONV-3", Severity.WARNING, what, hint=hint, span=span)


def elsewhere(what: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic("R-CONV-4", Severity.INFO, what, hint=hint, span=span)


def login(span: Span) -> Diagnostic:
    """Said of every place with a password; the password itself is never read."""
    return elsewhere(
        "the login is not taken over: the spec holds no secrets",
        span,
        "`docker login` writes it to docker's `config.json`, where it is found",
    )
