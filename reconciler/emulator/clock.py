"""Time in the local cloud: real timestamps, scaled delays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """`speed` 10 makes everything that takes time ten times shorter."""

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above zero: {speed}")
        self._speed = speed
        self._last = 0

    def now(self) -> int:
        """Epoch milliseconds, never the same twice, so that push order can always be told."""
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        return self._last

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call `callback` from the event loop."""
        asyncio.get_running_loop().call_later(seconds / self._speed, callback)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)
