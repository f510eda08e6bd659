"""`python -m reconciler`, and the program as installed: an interruption while it loads is no traceback, either."""

from __future__ import annotations

import sys


def main() -> None:
    try:
        from reconciler.cli import main as program
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)
    program()


if __name__ == "__main__":
    main()
