"""Read the workflows of a generated project, and run their commands as GitHub does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import BakedProject


def workflow(project: BakedProject, name: str) -> dict[Any, Any]:
    """Return a workflow; its `on` is a truth value to YAML 1.1."""
    parsed: dict[Any, Any] = yaml.safe_load(project.read(f".github/workflows/{name}"))
    return parsed


def jobs(project: BakedProject) -> list[dict[str, Any]]:
    """Return the jobs of both workflows."""
    return [job for name in ("ci.yml", "deploy.yml") for job in workflow(project, name)["jobs"].values()]


def script(project: BakedProject, name: str) -> str:
    """Return the commands of a step by its name."""
    (found,) = (step["run"] for job in jobs(project) for step in job.get("steps", []) if step["name"] == name)
    assert isinstance(found, str)
    return found


def run(commands: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run commands as GitHub does."""
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env={
            "PATH": path,
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # The template's own has many, and they are slow to load.
            **environment,
        },
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
