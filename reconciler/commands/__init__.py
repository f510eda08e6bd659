"""One thin file per verb: parse, call, render, exit code."""
