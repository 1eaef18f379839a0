"""A framework's source distribution: fetched by name and version with pip, checked, unpacked."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from .frameworks import Suite


class SourceError(Exception):
    """There is no such source distribution."""


def unpacked(suite: Suite, cache: Path) -> Path:
    """Return the folder of the suite's source distribution, after fetching it if it is not there.

    Raises:
        SourceError: the distribution cannot be fetched, or is not the one that the suite names.
    """
    folder = cache / f"{suite.distribution}-{suite.version}"
    if folder.is_dir():
        return folder
    archive = cache / f"{folder.name}.tar.gz"
    if not archive.exists():
        fetch(suite, cache)
    if suite.sha256 and hashlib.sha256(archive.read_bytes()).hexdigest() != suite.sha256:
        raise SourceError(f"{archive} is not the source distribution that was expected")
    part = cache / f"{folder.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(part, filter="data")
    (inner,) = part.iterdir()
    inner.rename(folder)
    part.rmdir()
    return folder


def fetch(suite: Suite, cache: Path) -> None:
    """Download the source distribution; pip reads its metadata, for which it may need the build
    backend, and builds nothing.
    """
    cache.mkdir(parents=True, exist_ok=True)
    requirement = f"{suite.distribution}=={suite.version}"
    options = ["--quiet", "--no-deps", "--no-binary", suite.distribution, "--dest", str(cache)]
    if subprocess.run([*pip(), "download", *options, requirement]).returncode:
        raise SourceError(f"There is no source distribution of {requirement} to be had; what pip says is above.")


def pip() -> list[str]:
    """Return the command of pip; an environment that uv has made has none of its own."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return ["uv", "tool", "run", "--python", sys.executable, "pip"]
