"""Who may say yes to a plan."""

from __future__ import annotations

import io
import sys

import pytest

from reconciler.commands.application import ask
from reconciler.commands.console import Console
from reconciler.commands.exits import Refused
from reconciler.model import address
from reconciler.model.json_value import digest_of
from reconciler.model.plan import Action, Change, Plan, Summary
from reconciler.model.spec import Desired
from reconciler.render.style import PLAIN

CHANGE = Change(address.namespace("hub", "apps"), Action.CREATE, "does not exist")
PLAN = Plan(
    (CHANGE,), (), (), Summary(create=1), digest_of("spec"), digest_of("live"), complete=True, desired=Desired()
)


def console(*, interactive: bool) -> Console:
    return Console(PLAIN, PLAIN, interactive)


def test_nobody_can_be_asked() -> None:
    with pytest.raises(Refused, match="nothing was applied") as caught:
        ask(console(interactive=False), auto_approve=False)(PLAN)
    assert "--auto-approve" in caught.value.hint


@pytest.mark.parametrize("interactive", [True, False])
def test_the_flag_asks_nobody(interactive: bool, capsys: pytest.CaptureFixture[str]) -> None:
    ask(console(interactive=interactive), auto_approve=True)(PLAN)
    assert capsys.readouterr() == ("", "")


def test_yes_is_yes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    ask(console(interactive=True), auto_approve=False)(PLAN)
    assert "Apply this change?" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["", "y", "YES", "no", "yes!"])
def test_everything_else_is_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{answer}\n"))
    with pytest.raises(Refused, match="not approved"):
        ask(console(interactive=True), auto_approve=False)(PLAN)


def test_an_end_of_input_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(Refused, match="not approved"):
        ask(console(interactive=True), auto_approve=False)(PLAN)
