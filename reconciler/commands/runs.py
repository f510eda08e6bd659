"""Past runs: the report of each is kept beside the journal, the newest KEPT of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands.exits import Refused
from reconciler.commands.saved import read_text, save_text

if TYPE_CHECKING:
    from reconciler.model.record import PastRun
    from reconciler.render.report_json import SavedReport

KEPT = 50
"""Enough to look back on weeks of nightly runs; a report of 10,000 images takes about 5 MB."""

LAST = "last"


@dataclass(frozen=True, slots=True)
class Runs:
    """`folder` is the one of the journal."""

    folder: Path

    @property
    def _place(self) -> Path:
        return self.folder / "runs"

    def keep(self, text: str) -> str:
        """Keep a report; what it is called from then on. Raises Refused when it cannot be written."""
        created = str(json.loads(text)["created"])
        name = created.replace("-", "").replace(":", "")
        number = 1
        while (self._place / f"{name}.json").exists():
            number += 1
            name = f"{created.replace('-', '').replace(':', '')}-{number}"
        try:
            self._place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"cannot write to `{self._place}`: {error.strerror}") from error
        save_text(self._place / f"{name}.json", text)
        for old in self.ids()[:-KEPT]:
            (self._place / f"{old}.json").unlink(missing_ok=True)
        return name

    def ids(self) -> tuple[str, ...]:
        """Oldest first."""
        names = (file.stem for file in self._place.glob("*.json") if not file.name.startswith("."))
        return tuple(sorted(names, key=_age))

    def find(self, name: str) -> tuple[str, SavedReport]:
        """The run called `name`, or the newest for `last`. Raises Refused."""
        from reconciler.render.report_json import NotAReport, read

        known = self.ids()
        if name == LAST and known:
            name = known[-1]
        if name not in known:
            raise Refused(
                f"no run `{name}` is kept in `{self._place}`" if known else f"no run is kept in `{self._place}`",
                hint="`reconciler records` lists them; `--journal` names the folder that `apply` used",
            )
        try:
            return name, read(self.text(name))
        except NotAReport as error:
            raise Refused(f"run `{name}`: {error}") from error

    def text(self, name: str) -> str:
        """The report as it was kept. Raises Refused."""
        return read_text(self._place / f"{name}.json")

    def summaries(self) -> Iterator[PastRun]:
        """Oldest first; what is no report is passed over, as it is nothing that a run left there."""
        from reconciler.render.report_json import NotAReport, summary

        for name in self.ids():
            try:
                yield summary(name, self.text(name))
            except NotAReport:
                continue


def _age(name: str) -> tuple[str, int]:
    """Of two runs in one second the second one has a number."""
    time, _, number = name.partition("-")
    return time, int(number) if number.isdecimal() else 0
