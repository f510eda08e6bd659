"""What the program costs before it does anything."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"alibabacloud_credentials", "httpx", "jsonschema", "networkx", "re2", "starlette", "uvicorn", "yaml"}


def test_the_command_line_alone_loads_nothing_heavy() -> None:
    code = f"import sys, reconciler.cli; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == []
