from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.transfer.lab import RealRegistry, paint, serve


@pytest.fixture
def source(tmp_path: Path) -> Iterator[RealRegistry]:
    with serve(tmp_path / "source") as registry:
        client = registry.client()
        paint(client)
        client.close()
        yield registry


@pytest.fixture
def target(tmp_path: Path) -> Iterator[RealRegistry]:
    with serve(tmp_path / "target") as registry:
        yield registry
