"""Prune what was not chosen, then say what was made.

Cookiecutter renders this file and runs it in the new project folder. Unrendered, it can be imported.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

STARTED = Path(".bake-started")  # made by pre_gen, just before Cookiecutter writes the first file
LEFTOVERS = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store"}


def remove_leftovers(folder: Path, started: Path) -> None:
    """Remove what Python and other tools had left in the template's folder, since Cookiecutter copies all of it.

    In a folder that was there before, the owner may have the same, such as a `.pytest_cache`. It is older than
    `started`, and stays.
    """
    start = started.stat().st_mtime_ns
    emptied: set[Path] = set()
    for path in sorted(folder.rglob("*"), reverse=True):  # what a folder holds before the folder
        left_over = path.suffix == ".pyc" or not LEFTOVERS.isdisjoint(path.relative_to(folder).parts)
        if path in emptied or (left_over and path.lstat().st_mtime_ns >= start):
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
            else:
                continue
            emptied.add(path.parent)


def pruned_paths(keep: dict[str, str], frameworks: dict[str, Any], framework: str) -> list[str]:
    """Return the paths in the project that the choices leave unused."""
    others = [name for name in frameworks if name != framework]
    folders = [
        folder
        for name in others
        for folder in (frameworks[name]["package"], f"funcweb/{name}", f"funcweb/testing/{name}.py")
    ]
    return [*folders, *(path for path, kept in keep.items() if kept != "True")]


def prune_glue(folder: Path, wrappers: str) -> None:
    """Leave of the modules that only this framework needs those that `wrappers`, such as `key.with_key`, name."""
    if folder.exists():
        kept = {"__init__", *(wrapper.partition(".")[0] for wrapper in wrappers.split())}
        for module in folder.glob("*.py"):
            if module.stem not in kept:
                module.unlink()
        if [path.name for path in folder.iterdir()] == ["__init__.py"]:
            shutil.rmtree(folder)


def choose_interface(package: Path, interface: str) -> None:
    """Leave one app in the package of a framework that has another one for ASGI, in its folder asgi."""
    other = package / "asgi"
    if other.exists():
        if interface == "asgi":
            for module in other.iterdir():
                module.replace(package / module.name)
        shutil.rmtree(other)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def copy_settings(folder: Path) -> None:
    """Copy the example to local.settings.json, which git leaves out, unless that is there already."""
    settings = folder / "local.settings.json"
    if not settings.exists():
        shutil.copyfile(folder / "local.settings.example.json", settings)


def is_temporary(folder: Path) -> bool:
    """Return whether the folder is in one that Python's tempfile made, as when the demo or `cruft update` bakes."""
    above = folder.parent
    made_by_tempfile = re.fullmatch(r"tmp[a-z0-9_]{8}", above.name) is not None
    return made_by_tempfile and above.parent.resolve() == Path(tempfile.gettempdir()).resolve()


def make_environment(python_version: str) -> str:
    """Return the command that makes .venv, with the project's Python if that can be found or had."""
    if os.name == "nt":
        return f"py -{python_version} -m venv --upgrade-deps .venv"
    # The environment in which this hook runs may be on PATH, but only for now.
    own = Path(sys.executable).parent
    path = os.pathsep.join(entry for entry in os.get_exec_path() if Path(entry) != own)
    if shutil.which(f"python{python_version}", path=path):
        return f"python{python_version} -m venv --upgrade-deps .venv"
    uv = "uv" if shutil.which("uv", path=path) else os.environ.get("UV")  # `uv tool run` says where it is
    if uv:
        return f"{shlex.quote(uv)} venv --quiet --allow-existing --seed --python {python_version} .venv"
    return "python3 -m venv --upgrade-deps .venv"


def summary(context: dict[str, Any], folder: Path) -> list[str]:
    """Return lines that say what was made, how to run and test it, and how to keep it; each command can be pasted."""
    app = context["_frameworks"][context["framework"]]["apps"][context["__interface"]]
    python = str(Path(".venv", "Scripts" if os.name == "nt" else "bin", "python"))
    server = app["server"].format(app=context["__app"]).replace("python", python, 1)
    enter = f'cd "{folder}"' if os.name == "nt" else f"cd {shlex.quote(str(folder))}"
    install = (
        f"{make_environment(context['python_version'])} && {python} -m pip install -r requirements.txt --group dev"
    )
    in_git = any((parent / ".git").exists() for parent in [folder, *folder.parents])
    return [
        f"Made {context['project_slug']}: {context['__framework']} on Azure Functions ({context['__mode']}, "
        f"programming model {context['programming_model']}, Python {context['python_version']}).",
        f"Run it:  {enter} && {install} && {server}",
        f"Test it: {enter} && {install} && {python} -m pytest",
        *([] if in_git else [f"Keep it: {enter} && git init && git add --all"]),
        "README.md there says how to run it as a function, and how to deploy it.",
    ]


def main() -> int:
    """Prune the project in the working directory."""
    context = json.loads(r"""{{ cookiecutter | tojson }}""")
    if STARTED.exists():
        remove_leftovers(Path(), STARTED)
        STARTED.unlink()
    choose_interface(Path(context["__package"]), context["__interface"])
    for path in pruned_paths(context["__keep"], context["_frameworks"], context["framework"]):
        remove(Path(path))
    prune_glue(Path("funcweb", context["framework"]), context["__wrappers"])
    copy_settings(Path())
    if not is_temporary(Path.cwd()):
        print("\n".join(summary(context, Path.cwd())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
