from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.scenarios.scenario import play, scenarios

NAMES = scenarios()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", NAMES, ids=[name.replace("/", "-") for name in NAMES])
def test_scenario(name: str, expected: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    assert play(name, capsys) == expected
