"""A virtual environment for an app whose requirements are not installed beside the host.

The app runs in the host's process, so its packages must be importable there. They are not when the host was installed
as a tool (``uv tool run``, pipx). Then the host makes an environment in the user's cache folder, installs there what
the app's requirements.txt and the host itself need, and starts again in it. Each app has one environment. It is reused
until the requirements, the host or its Python change. It can be deleted at any time.

uv makes the environment if it can be found; it also finds a newer Python if this one is too old for the runtime
packages. Otherwise venv and pip do it. A virtual environment of the project's own is neither used nor changed; install
the host into it to serve the app from it.

Left out: requirements that are not in requirements.txt, which Azure does not read either.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from .errors import HostError

#: The first Python that Microsoft's runtime packages support.
MINIMUM_PYTHON = (3, 13)

_DISTRIBUTION = "func-web"
_PACKAGE = Path(__file__).parent
_FILE = "requirements.txt"
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s+)#.*")
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(?P<file>.+)")
_AZURE_FUNCTIONS = re.compile(r"azure[-_.]functions(?![-_.\w])", re.IGNORECASE)
_STAMP = "functions-host.stamp"


def _lines(path: Path) -> list[str]:
    """Return the logical lines of a requirements file: joined at backslashes, without comments."""
    text = _CONTINUED.sub("", path.read_bytes().decode("utf-8-sig", "replace"))
    return [line for raw in text.splitlines() if (line := _COMMENT.sub("", raw).strip())]


def _files(path: Path) -> list[Path]:
    """Return a requirements file and the files that it includes."""
    found: list[Path] = []
    left = [path]
    while left:
        file = left.pop()
        if file.is_file() and file not in found:
            found.append(file)
            includes = filter(None, map(_INCLUDE.fullmatch, _lines(file)))
            left += [(file.parent / include["file"]).resolve() for include in includes]
    return found


def _is_installed(requirement: Requirement) -> bool:
    """Tell whether this Python has the distribution in a version that will do, and its extras."""
    if requirement.marker and not requirement.marker.evaluate():
        return True
    try:
        distribution = importlib.metadata.distribution(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    # Where it was installed from is not compared with a URL.
    if requirement.url or not requirement.specifier.contains(distribution.version, prereleases=True):
        return False
    for needed in map(Requirement, distribution.requires or () if requirement.extras else ()):
        if needed.marker and any(needed.marker.evaluate({"extra": extra}) for extra in requirement.extras):
            needed.marker = None
            if not _is_installed(needed):
                return False
    return True


def has_requirements(folder: Path) -> bool:
    """Tell whether this Python can serve the app in `folder` as it is.

    It must be new enough and meet each line of requirements.txt. A line that takes an installer to understand (a file,
    a path, a hash) counts as not met.
    """
    if sys.version_info < MINIMUM_PYTHON:
        return False
    path = folder / _FILE
    try:
        return not path.is_file() or all(_is_installed(Requirement(line)) for line in _lines(path))
    except InvalidRequirement:
        return False


def lacks_azure_functions(folder: Path) -> bool:
    """Tell whether the app has a requirements.txt that does not name azure-functions.

    Such an app is served here, as this host brings the package along, but in Azure no function of it is found.
    """
    files = _files(folder / _FILE)
    return bool(files) and not any(_AZURE_FUNCTIONS.match(line) for file in files for line in _lines(file))


def _own_requirements() -> list[str]:
    try:
        return importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        raise HostError(
            "This host is not installed, so it does not know what to install beside the app: run it by "
            "`uv tool run --from <its repository> functions-host`, or with --no-install."
        ) from None


def _works(program: str, folder: Path) -> bool:
    # A shim of pyenv's may stand for a program that the Python chosen in that folder does not have.
    with contextlib.suppress(OSError):
        return subprocess.run([program, "--version"], cwd=folder, capture_output=True, check=False).returncode == 0
    return False


def find_uv(folder: Path) -> str | None:
    """Return the path of a uv that runs in `folder`, or None; `uv run` and `uv tool run` pass theirs on."""
    found = os.environ.get("UV") or shutil.which("uv")
    return found if found and _works(found, folder) else None


def _find_python(uv: str | None, folder: Path) -> str:
    if sys.version_info >= MINIMUM_PYTHON:
        return sys.executable
    version = ".".join(map(str, MINIMUM_PYTHON))
    found = version if uv else shutil.which(f"python{version}")
    if found is None or not (uv or _works(found, folder)):
        raise HostError(
            f"Microsoft's runtime packages need Python {version} or later, and this is {sys.version.split()[0]}: run "
            "the host with a newer one, or install uv, which finds or downloads it."
        )
    return found


def _cache_folder() -> Path:
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "functions-host"


def _python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _current_stamp(folder: Path, own: Sequence[str]) -> str:
    """Return a digest of all that an environment depends on."""
    digest = hashlib.sha256("\n".join([sys.base_prefix, sys.version, *own]).encode())
    for file in [*_files(folder / _FILE), *sorted(_PACKAGE.glob("*.py"))]:
        digest.update(b"\0" + file.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one host at a time make an environment; not on Windows."""
    with path.open("w", encoding="utf-8") as file:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _create(environment: Path, folder: Path, own: Sequence[str]) -> None:
    uv = find_uv(folder)
    python = _find_python(uv, folder)
    target = str(_python_in(environment))
    file = folder / _FILE
    requirements = [*own, *(["-r", str(file)] if file.is_file() else [])]
    print(f"Installing what {folder} needs into {environment} with {'uv' if uv else 'pip'}.", flush=True)
    if uv:
        commands = [
            [uv, "venv", "--quiet", "--no-project", "--python", python, str(environment)],
            [uv, "pip", "install", "--quiet", "--python", target, *requirements],
        ]
    else:
        commands = [
            [python, "-m", "venv", str(environment)],
            [target, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        ]
    for command in commands:
        # In the app's folder, where uv looks for its settings.
        if subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode:
            raise HostError(
                f"What {folder} needs could not be installed beside what this host needs, for the reason above: "
                f"correct {_FILE}, or use --no-install to serve the app with the packages of this Python."
            )
    ask = [target, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(ask, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    shutil.copytree(_PACKAGE, Path(packages) / _PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))


def make(folder: Path) -> Path:
    """Make the environment of the app in `folder`, unless it is there and current; return its Python.

    Raises `HostError` when it cannot be made, and then leaves none.
    """
    name = f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    environment = _cache_folder() / name
    own = _own_requirements()
    try:
        environment.parent.mkdir(parents=True, exist_ok=True)
        with _locked(environment.with_name(f"{name}.lock")):
            stamp = environment / _STAMP
            current = _current_stamp(folder, own)
            if not (stamp.is_file() and stamp.read_text() == current and _python_in(environment).exists()):
                shutil.rmtree(environment, ignore_errors=True)
                try:
                    _create(environment, folder, own)
                    stamp.write_text(current)
                except BaseException:
                    shutil.rmtree(environment, ignore_errors=True)
                    raise
    except OSError as error:
        raise HostError(f"No environment can be made for {folder} in {environment.parent}: {error}.") from None
    return _python_in(environment)


def run_again(python: Path, arguments: Sequence[str]) -> int:
    """Run the host in `python` in the place of this process; only on Windows return, with its exit code."""
    # -P, or the working directory's modules would hide those of the packages.
    command = [str(python), "-P", "-m", _PACKAGE.name, "--no-install", *arguments]
    if sys.platform != "win32":
        os.execv(command[0], command)
    # There execv() ends this process, and the shell goes on while the host runs. Ctrl-C ends the host itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command)
