"""Runs one command and tells what it took: `python -I -S stopwatch.py RESULT COMMAND...`.

A process of its own and as small as Python gets, because Linux counts the memory of whoever starts a program towards
the peak of that program (getrusage(2), execve(2)).
"""

import json
import os
import sys
import time


def main(result: str, command: list[str]) -> None:
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - began
    # ru_maxrss is in KiB on Linux.
    taken = {"code": os.waitstatus_to_exitcode(status), "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}
    with open(result, "w") as file:  # noqa: PTH123  # pathlib alone would double the size of this process
        json.dump({**taken, "peak": usage.ru_maxrss * 1024}, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
