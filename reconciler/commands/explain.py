"""`reconciler explain`: the text of a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.commands.console import open_console
from reconciler.commands.exits import Exit, Refused


def explain(
    rule: Annotated[str | None, typer.Argument(help="A rule id; without it, the list of all.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole rulebook as one Markdown page.")] = False,
) -> int:
    """Say what a rule checks, why, and what to do about it.

    \b
    Examples:
      reconciler explain R-TOPO-1
      reconciler explain
    """
    from reconciler.commands.rulebook import as_markdown, rulebook
    from reconciler.spec.problem import closest

    console = open_console()
    book = rulebook()
    if markdown:
        console.out(as_markdown(book))
        return Exit.OK
    if rule is None:
        width = max(len(identity) for identity in book)
        console.out("\n".join(f"{identity:<{width}}  {found.title}" for identity, found in book.items()))
        return Exit.OK
    found = book.get(rule.upper())
    if found is None:
        near = closest(rule.upper(), book)
        raise Refused(
            f"no rule is called `{rule}`",
            hint=f"did you mean `{near}`?" if near else "`reconciler explain` lists them all",
        )
    source = f"\n\nsource: {found.source}" if found.source else ""
    console.out(f"{found.id}: {found.title}\n\n{found.text}\n\nfix: {found.fix}{source}")
    return Exit.OK
