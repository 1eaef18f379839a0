"""Swagger UI, which FastAPI's /docs takes from a CDN, out of the npm package that the CDN has it from."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "swagger-ui-dist"
VERSION = "5.35.0"
SHA256 = "1b8e891893404ea4c3558b6a87e2a3e494e7eedba41168c2ece5800a391a6ea6"

SCRIPT = f"{PACKAGE}@{VERSION}/swagger-ui-bundle.js"
STYLE = f"{PACKAGE}@{VERSION}/swagger-ui.css"

# By the end of the URL. The page with a key asks for exactly this version, FastAPI's own for a major one. When that is
# the next one, it needs a new VERSION here.
FILES = {
    SCRIPT: "swagger-ui-bundle.js",
    STYLE: "swagger-ui.css",
    "swagger-ui-dist@5/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist@5/swagger-ui.css": "swagger-ui.css",
    # FastAPI's own is in no package.
    "img/favicon.png": "favicon-32x32.png",
}


class NoNpm(Exception):
    """The package is not in the cache, and no npm is installed that could fetch it."""


def files(cache: Path) -> dict[str, bytes]:
    """Return the content of `FILES`, after fetching the package if it is not in `cache`.

    Raises:
        NoNpm: it has to be fetched, and there is no npm.
        ValueError: the package is not the one that was expected.
        subprocess.CalledProcessError: npm cannot fetch it.
    """
    archive = cache / f"{PACKAGE}-{VERSION}.tgz"
    if not archive.exists():
        _fetch(archive)
    content = archive.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{archive} is not the package that was expected; delete it to have it fetched again")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {url: _member(tar, f"package/{name}") for url, name in FILES.items()}


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    assert member is not None, f"{name} is not a file"
    return member.read()


def _fetch(archive: Path) -> None:
    """Download the package with npm, which installs nothing and runs none of its scripts."""
    npm = shutil.which("npm")
    if npm is None:
        raise NoNpm(f"npm, which fetches {PACKAGE}, is not installed")
    archive.parent.mkdir(parents=True, exist_ok=True)
    # In a folder of its own, and moved when complete, because another test process may be at it too.
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        command = [npm, "pack", "--silent", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True)
        (Path(folder) / archive.name).replace(archive)
