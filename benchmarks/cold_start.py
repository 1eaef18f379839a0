"""How long the import of a function app takes in a fresh process: packed by build.py, and by plain pip.

    python -m benchmarks.cold_start [--runs 10] [--cold] [--write]

Both packages are zipped, unpacked with other times, and read-only, as Azure mounts them. A figure is the median, in
milliseconds, of processes that take turns. --cold takes the packages out of the file system's cache before each
process (on Linux), as on an instance that has just got them. --write renews the table in docs/figures.md.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.readme import FIGURES, renew

ROOT = Path(__file__).parent.parent
PYTHON = "{}.{}".format(*sys.version_info)
PACKAGES = ".python_packages/lib/site-packages"
PROJECT_FILES = ("*.py", "*.json", "*app", "funcweb")

# What is compared; another row is another line.
VARIANTS = {
    "FastAPI": {"framework": "fastapi"},
    "Flask": {"framework": "flask"},
    "Falcon": {"framework": "falcon"},
    "Bottle": {"framework": "bottle"},
}

IMPORT = """
import sys, time
sys.path[:0] = sys.argv[1:]
start = time.perf_counter()
import azure.functions
azure = time.perf_counter()
import function_app
print((time.perf_counter() - start) * 1000, (azure - start) * 1000)
"""


class Import(NamedTuple):
    """How many milliseconds an import took."""

    whole: float
    azure_functions: float
    """Of these, that of azure.functions, which comes first."""


class Packages(NamedTuple):
    """The two packages of a project, unpacked."""

    plain: Path
    built: Path


def run(*arguments: str | Path, cwd: Path) -> str:
    """Run Python in a folder, and return its output."""
    return subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def plain_package(project: Path, folder: Path) -> Path:
    """Zip the project's files and what pip installs by itself, and return the archive."""
    for pattern in PROJECT_FILES:
        for path in project.glob(pattern):
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, folder / path.name)
    run("-m", "pip", "install", "--quiet", "--target", folder / PACKAGES, "-r", "requirements.txt", cwd=project)
    return Path(shutil.make_archive(str(folder), "zip", folder))


def mount(archive: Path, folder: Path) -> Path:
    """Unpack an archive with other times, and make it read-only."""
    with zipfile.ZipFile(archive) as package:
        package.extractall(folder)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def bake(answers: dict[str, str], folder: Path) -> Path:
    """Bake a project for this Python into a folder."""
    given = [f"{question}={answer}" for question, answer in {**answers, "python_version": PYTHON}.items()]
    command = ("-m", "cookiecutter", "--no-input", "--default-config")
    run(*command, "--output-dir", folder, ROOT, "project_slug=app", *given, cwd=ROOT)
    return folder / "app"


def built_package(project: Path, folder: Path) -> Path:
    """Pack a project by its build.py, and mount the package in a folder."""
    run("build.py", cwd=project)
    return mount(project / "dist" / "app.zip", folder / "mounted built")


def make_built_package(answers: dict[str, str], folder: Path) -> Path:
    """Bake a project, and mount what its build.py makes of it."""
    return built_package(bake(answers, folder), folder)


def make_packages(answers: dict[str, str], folder: Path) -> Packages:
    """Bake a project, and pack it both ways."""
    project = bake(answers, folder)
    (folder / "plain").mkdir()
    plain = mount(plain_package(project, folder / "plain"), folder / "mounted plain")
    return Packages(plain, built_package(project, folder))


def forget(folder: Path) -> None:
    """Take a folder's files out of the file system's cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def import_time(app: Path) -> Import:
    """Time an import, in a process that sees nothing else and leaves no bytecode behind."""
    printed = run("-I", "-S", "-B", "-c", IMPORT, app, app / PACKAGES, cwd=app)
    return Import(*map(float, printed.split()))


def measure(packages: Packages, runs: int, cold: bool) -> list[Import]:
    """Return the median times of each package; the first round, which fills the cache, does not count."""
    if cold:
        os.sync()  # What is not written yet stays in the cache.
    times: list[list[Import]] = [[] for _ in packages]
    for _ in range(runs + 1):
        for app, found in zip(packages, times, strict=True):
            if cold:
                forget(app)
            found.append(import_time(app))
    return [Import(*map(statistics.median, zip(*found[1:], strict=True))) for found in times]


def table(results: dict[str, list[Import]]) -> str:
    """Return the results in Markdown."""
    lines = [
        "| app | plain pip, ms | build.py, ms | of that azure.functions, ms | build.py / plain pip |",
        "|---|---|---|---|---|",
    ]
    for name, (plain, built) in results.items():
        azure = built.azure_functions
        ratio = built.whole / plain.whole
        lines.append(f"| {name} | {plain.whole:.0f} | {built.whole:.0f} | {azure:.0f} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and write it where asked."""
    parser = argparse.ArgumentParser(description="Measure the import of a function app in a fresh process.")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--cold", action="store_true", help="with the files out of the file system's cache")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    options = parser.parse_args()
    results = {}
    for name, answers in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = measure(make_packages(answers, Path(folder)), options.runs, options.cold)
    print(table(results))
    if options.write:
        renew(FIGURES, "cold-start", table(results))


if __name__ == "__main__":
    main()
