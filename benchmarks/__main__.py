"""Measure everything that docs/figures.md shows, on this machine, and draw it anew; it takes ten minutes.

uv run --group benchmarks python -m benchmarks
"""

import subprocess
import sys

from benchmarks import pictures
from benchmarks.readme import FIGURES

# Each in a process of its own, which imports no more than it measures.
BENCHMARKS = (
    ("overhead", "--rounds", "1500"),
    ("worker",),
    ("streaming",),
    ("cold_start",),
    ("first_answer",),
    ("bake",),
)


def main() -> int:
    """Run the benchmarks one after the other, and return the exit code."""
    for name, *options in BENCHMARKS:
        print(f"benchmarks.{name}", flush=True)
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options, "--write"]).returncode
        if code:
            print(f"error: benchmarks.{name} failed; {FIGURES} and its pictures have the figures before.")
            return code
    pictures.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
