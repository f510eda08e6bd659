"""The live state as JSON, as schemas/live.v1.json describes it."""

from __future__ import annotations

from reconciler.live.snapshot.dumping import FORMAT_VERSION, dump, live_digest
from reconciler.live.snapshot.parsing import parse

__all__ = ["FORMAT_VERSION", "dump", "live_digest", "parse"]
