"""`reconciler demo`, as somebody who has just cloned the project sees it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.e2e.conftest import PROGRAM


def test_the_demo_shows_the_whole_job(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA_CLOUD_", "RECONCILER_"))
    }
    result = subprocess.run(
        [*PROGRAM, "demo", "--keep", str(tmp_path / "demo")],
        env={**environment, "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    for line in (
        "plan: 7 to create, 16 images (9 by the service), ",
        "apply: 9 done; 16 imported (9 by the service), ",
        "nothing to do: ",
        "visibility: public -> private",
        "drift: 1 resource differs, 1 image different",
        "no drift: ",
    ):
        assert line in result.stdout
    assert "\x1b[" not in result.stdout
    assert "its registries will ask for a second of quiet in the middle of the transfer" in result.stderr
    assert re.search(r"apply: 9 done; .* requests \(\d+ expected\), [1-9]\d* retr", result.stdout)
    assert {path.name for path in (tmp_path / "demo").iterdir()} >= {"registry.yaml", "account.yaml", "plan.json"}
