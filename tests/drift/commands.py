"""Commands in a session of their own, and the end of what they print."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

# In seconds. A release may make a test wait for ever.
PATIENCE = 1800

UV = (find_uv_bin(),)


_running: set[subprocess.Popen[bytes]] = set()
_ended = threading.Event()


class StepError(Exception):
    """A step of a check has failed."""

    def __init__(self, step: str, output: str) -> None:
        super().__init__(f"{step} failed:\n{output}")
        self.step = step
        self.output = output


def run(
    step: str,
    command: Sequence[str | Path],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> str:
    """Run a command and return all that it prints. Variables that are empty are taken away.

    What it prints goes to a file: a pipe would stay open as long as any process that the command has left behind.

    Raises:
        StepError: it returned something else than 0, or took longer than `patience` seconds.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "VIRTUAL_ENV"))}
    # pytest shortens the lines of its summary to the width of the terminal.
    environment.update({"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1", **(variables or {})})
    for name in [name for name, value in (variables or {}).items() if not value]:
        del environment[name]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        try:
            code, end = process.wait(0 if _ended.is_set() else patience), ""
        except subprocess.TimeoutExpired:
            code, end = 1, f"\nIt was ended after {patience:g} seconds."
        finally:
            kill(process)
            process.wait()
            _running.discard(process)
        output.seek(0)
        printed = output.read() + end
    if code:
        raise StepError(step, printed)
    return printed


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end() -> None:
    """End what runs, and whatever is still to be run, so that Ctrl-C leaves nothing behind."""
    _ended.set()
    for process in [*_running]:
        kill(process)
