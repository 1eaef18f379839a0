"""Tests of this repository, of which those that fail are tried again alone."""

import json
from pathlib import Path

from tests.variants import PLAIN, TEMPLATE

from .checks import Check
from .commands import StepError
from .environment import Environment


class OwnTests(Check):
    """Folders of tests, which are its steps."""

    python = PLAIN["python_version"]
    left_out: tuple[str, ...] = ()
    """Tests that do not count here."""

    def __init__(self) -> None:
        self.failed: dict[str, list[str]] = {}

    def run(self, step: str, environment: Environment, folder: Path) -> None:
        """Run a folder of tests; and once they have failed, with whatever is held then, those alone that failed."""
        cache = folder / "cache" / step
        options = [
            *(f"--deselect={test}" for test in self.left_out),
            "--quiet",
            "--tb=short",
            "-o",
            f"cache_dir={cache}",
        ]
        try:
            environment.run(step, "-m", "pytest", *options, *self.failed.get(step, [step]), folder=TEMPLATE)
        except StepError:
            failed = cache / "v" / "cache" / "lastfailed"
            if failed.exists():
                self.failed.setdefault(step, list(json.loads(failed.read_text(encoding="utf-8"))))
            raise
