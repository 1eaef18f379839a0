"""Build what is deployed: the folder dist/app, and the same files in dist/app.zip.

    python build.py

They hold the project's files that .funcignore does not leave out, and the packages of requirements.txt, or of uv.lock
where there is one, for Linux on x86-64 whatever system this is. Every module is compiled ahead: Azure mounts the
package read-only, so Python could not keep what it compiles, and would compile everything again at each cold start.

pip answers markers such as `sys_platform` for the system it runs on. If a dependency has any, build on Linux.
"""

import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).resolve().parent
SITE_PACKAGES = ".python_packages/lib/site-packages"  # where the worker looks for them
MOUNT = "/home/site/wwwroot"  # where the package lies in Azure, which is what a traceback names

# Left out beside what .funcignore says. The packages are in, so requirements.txt would only lead a tool that finds it
# to install them once more, in Azure, and without this bytecode.
MADE_HERE = [".python_packages/**", "dist/**", "/requirements.txt"]

# How the paragraph of .funcignore begins that says which files are secrets.
SECRETS = "# Secrets"

# For tools that deploy the folder: there are some that leave out __pycache__ where no .funcignore says otherwise.
NOTHING_IGNORED = "# Everything here is deployed, the bytecode too.\n"

# Azure's images for Python have glibc 2.31 or later, so wheels may ask for 2.28, the newest that is common.
PLATFORMS = ["manylinux1", "manylinux2010", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(5, 29))]


class BuildError(Exception):
    """What keeps the package from being built, in a sentence."""


def read(name: str) -> str:
    """Return the text of a file of the project."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(f"{name} is missing from {ROOT}.") from None


def check_python() -> str:
    """Return the project's Python version, which must be the one that runs, since bytecode is good for one only."""
    match = re.search(r"(?<![0-9.])(3\.[0-9]+)", read(".python-version"))  # 3.13, or as pyenv has it: 3.13.2
    if match is None:
        raise BuildError(".python-version does not say for which Python the project is, such as 3.13.")
    running = "{}.{}".format(*sys.version_info)
    if running != match[1]:
        raise BuildError(
            f"this is Python {running}, but the project is for Python {match[1]}, whose bytecode only itself can make: "
            f"run build.py with Python {match[1]}, or change the version in .python-version and in Azure."
        )
    return running


def expression(pattern: str) -> str:
    """Return a regular expression for the paths that a line of .funcignore means.

    It knows what stands there: `/file`, `folder/**`, `name` and `**/name` at any depth, `name/` for folders, and `*`
    inside a name.
    """
    anywhere = pattern.startswith("**/") or "/" not in pattern[:-1]
    path = pattern.removeprefix("**/").removeprefix("/")
    path = path.removesuffix("**") if path.endswith("/**") else path
    if path.startswith("!") or "**" in path or not re.fullmatch(r"[^?\[\]\\]+", path):
        raise BuildError(f"build.py cannot read the pattern {pattern!r} in .funcignore: write it with / and * only.")
    names = re.escape(path.rstrip("/")).replace(r"\*", "[^/]*")
    return ("(?:.*/)?" if anywhere else "") + names + ("/.*" if path.endswith("/") else "(?:/.*)?")


def paths(patterns: list[str]) -> re.Pattern[str]:
    """Return a regular expression for all paths that the patterns mean; that of a folder ends with a slash.

    The case of letters does not matter: what comes from Windows may be called KEY.PFX.
    """
    return re.compile("|".join(map(expression, patterns)), re.IGNORECASE)


def patterns_of(text: str) -> list[str]:
    """Return the lines of .funcignore, or of a part of it, that are neither empty nor comments."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def project_files(funcignore: str) -> tuple[list[str], list[str]]:
    """Return the paths, with slashes, of the project's files that are deployed, and of those left out as secrets.

    Secrets are what stands in .funcignore in the paragraph under "# Secrets". Virtual environments are left out
    whatever they are called.
    """
    ignored = paths([*patterns_of(funcignore), *MADE_HERE])
    secret = paths(patterns_of("\n".join(part for part in funcignore.split("\n\n") if part.startswith(SECRETS))))
    names = []
    for folder, folders, files in os.walk(ROOT, followlinks=True):
        base = Path(folder).relative_to(ROOT)
        folders[:] = [
            name
            for name in folders
            if not ignored.fullmatch((base / name).as_posix() + "/") and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        names += [(base / name).as_posix() for name in files]
    deployed = [name for name in names if not ignored.fullmatch(name)]
    return deployed, sorted(name for name in names if secret.fullmatch(name))


# jinja: if cookiecutter.framework == "django"
def collect_static_files() -> None:
    """Put the static files of all apps into staticfiles/ as they are served: compressed, and named by their content."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"]
    environment = {**os.environ, "DJANGO_DEBUG": "", "DJANGO_SECRET_KEY": "nothing is signed here"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise BuildError(
            "manage.py could not collect the static files; what it says is above. It needs here, too, what "
            "requirements.txt names."
        )


# jinja: endif
def copy_project(names: list[str], app: Path) -> None:
    """Copy the project's files."""
    for name in names:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, app / name)
    (app / ".funcignore").write_text(NOTHING_IGNORED, encoding="utf-8", newline="\n")


def export_lock(file: Path) -> None:
    """Write the packages of uv.lock into a file for pip, with hashes, if the lock is up to date."""
    uv = shutil.which("uv")
    command = [uv] if uv else [sys.executable, "-m", "uv"]
    command += ["export", "--locked", "--no-dev", "--no-emit-project", "--quiet", "--output-file", str(file)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise BuildError("uv could not read uv.lock; what it says is above. `python -m pip install uv` installs it.")


def install_packages(python: str, target: Path) -> None:
    """Install what requirements.txt names, or what uv.lock holds, from wheels for Azure."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-compile", "--no-warn-conflicts", "--only-binary=:all:", "--target", str(target)]
    command += ["--implementation", "cp", "--python-version", python, "--abi", "cp" + python.replace(".", "")]
    command += [argument for platform in PLATFORMS for argument in ("--platform", f"{platform}_x86_64")]
    read("requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        requirements = ROOT / "requirements.txt"
        if (ROOT / "uv.lock").exists():
            requirements = Path(folder, "locked.txt")
            export_lock(requirements)
        if subprocess.run([*command, "--requirement", str(requirements)], cwd=ROOT, check=False).returncode != 0:
            raise BuildError(
                f"pip could not install what {requirements.name} names; what it says is above. A package that has no "
                "wheel for Linux x86-64 and this Python cannot be taken."
            )


def remove_scripts(target: Path) -> None:
    """Remove the packages' commands, which begin with the path of this machine's Python and which nobody calls."""
    shutil.rmtree(target / "bin", ignore_errors=True)
    for record in target.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if not line.startswith("../../bin/"))
        record.write_text(kept, encoding="utf-8", newline="\n")


def compile_modules(app: Path) -> None:
    """Put the bytecode of every module beside it, where Python looks for it.

    pip's bytecode holds the time of its source, which archives change, and is then void. This holds a hash. Python
    takes that of packages unchecked, so it need not read their sources: about 10 % less time when nothing is in the
    file system's cache. Nobody changes those. The project's few modules are checked, so that a change by hand, where
    the package is not mounted read-only, has its effect.
    """
    for source in sorted(app.rglob("*.py")):
        name = source.relative_to(app).as_posix()
        packaged = name.startswith(SITE_PACKAGES)
        bytecode = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        try:
            py_compile.compile(
                str(source),
                str(bytecode),
                dfile=f"{MOUNT}/{name}",
                doraise=True,
                optimize=0,
                invalidation_mode=PycInvalidationMode.UNCHECKED_HASH if packaged else PycInvalidationMode.CHECKED_HASH,
            )
        except py_compile.PyCompileError as error:
            if not packaged:  # Some packages bring files that are not for this Python.
                raise BuildError(f"{name} cannot be compiled: {error.exc_value}.") from None


def write_zip(app: Path, archive: Path) -> None:
    """Write the folder into an archive whose bytes depend on nothing but the files' names and contents."""
    files = {path.relative_to(app).as_posix(): path for path in app.rglob("*") if path.is_file()}
    with zipfile.ZipFile(archive, "w") as package:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # of 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on Windows too, for the permissions below
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, files[name].read_bytes())


def build(python: str, names: list[str], dist: Path) -> Path:
    """Build the package aside, put it in the place of an earlier one when all is well, and return the archive."""
    dist.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=dist, prefix="new-") as folder:
            new = Path(folder)
            copy_project(names, new / "app")
            install_packages(python, new / "app" / SITE_PACKAGES)
            remove_scripts(new / "app" / SITE_PACKAGES)
            compile_modules(new / "app")
            write_zip(new / "app", new / "app.zip")
            if (dist / "app").exists():
                (dist / "app").rename(new / "earlier")
            (new / "app").rename(dist / "app")
            return (new / "app.zip").replace(dist / "app.zip")
    finally:
        if not any(dist.iterdir()):
            dist.rmdir()


def main() -> int:
    """Build the package, or say in a sentence why not."""
    warnings.simplefilter("ignore")  # of the compiler, about other people's packages
    try:
        python = check_python()
        # jinja: if cookiecutter.framework == "django"
        collect_static_files()
        # jinja: endif
        names, secrets = project_files(read(".funcignore"))
        archive = build(python, names, ROOT / "dist")
    except (BuildError, OSError) as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    if secrets:
        print(f"Left out, as their names are those of secrets: {', '.join(secrets)}.")
    size = archive.stat().st_size / 1e6
    print(f"Built {archive.relative_to(ROOT).as_posix()}: {size:.1f} MB, for Python {python} on Linux x86-64.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
