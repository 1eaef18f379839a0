"""Refuse answers that cannot work, in one sentence each, before anything is written.

Cookiecutter renders this file and runs it in the new, empty project folder. Unrendered, it can be imported.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

SLUG = re.compile(r"[A-Za-z0-9]+(?:[-_]+[A-Za-z0-9]+)*")
PREFIX_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
NEST_ASYNCIO_PYTHONS = ("3.11", "3.12")
NOT_TEXT = {"Cc", "Co", "Cs", "Zl", "Zp"}  # Unicode's categories: controls, private and half characters, line ends
TURNS_AROUND = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HOST_PATHS = {"admin", "runtime"}
STARTED = ".bake-started"  # what is newer than this file was written by this bake; post_gen removes it


def check_cookiecutter(framework: str) -> str | None:
    """Return which Cookiecutter is needed where this one has not rendered a private variable, or None.

    Cookiecutter 1.7, which Debian 12 and Ubuntu 22.04 have, renders no name that begins with `__`.
    """
    if framework.startswith("{"):
        return (
            f"Cookiecutter {metadata.version('cookiecutter')} is too old for this template, which needs 2.1 or later: "
            "use for example `pipx run cookiecutter` or `uvx cookiecutter`."
        )
    return None


def check_slug(slug: str) -> str | None:
    """Return why a folder cannot have this name, on any system, or None."""
    if not SLUG.fullmatch(slug) or len(slug) > 64 or slug.lower() in WINDOWS_DEVICES:
        return (
            f"project_slug {slug!r} cannot name the project's folder: use at most 64 letters, digits, '-' and '_', "
            "beginning and ending with a letter or digit, and no device name of Windows such as 'con'."
        )
    return None


def check_line(variable: str, text: str) -> str | None:
    """Return why a text cannot stand in the project's files, or None.

    Characters that join others, in emoji and in several scripts, spaces of any kind and characters newer than this
    Python are text, though Python calls none of them printable. What ends the line, controls a terminal or turns the
    direction of writing around is not.
    """
    kinds = [unicodedata.category(character) for character in text]
    if not text or all(kind[0] == "Z" or kind == "Cf" for kind in kinds):
        return f"{variable} {text!r} is empty: give it at least one character."
    if NOT_TEXT.intersection(kinds) or TURNS_AROUND.intersection(text):
        return f"{variable} {text!r} must be one line of printable characters."
    return None


def check_route_prefix(prefix: str) -> str | None:
    """Return why the Functions host cannot serve under this prefix, or None."""
    segments = prefix.split("/") if prefix else []
    if not all(PREFIX_SEGMENT.fullmatch(segment) for segment in segments):
        return (
            f"route_prefix {prefix!r} is not a path such as 'api' or 'api/v1': use letters, digits, '-', '.', '_' and "
            "'~' with single slashes between them and none at the ends, or leave it empty."
        )
    if segments and segments[0].lower() in HOST_PATHS:
        return f"route_prefix {prefix!r} begins with a path of the Functions host ('admin', 'runtime'): use another."
    return None


def check_combination(
    frameworks: dict[str, Any], framework: str, async_mode: str, programming_model: str, python_version: str
) -> str | None:
    """Return why the framework cannot run this way, with the choices that would work, or None."""
    if framework not in frameworks:
        return f"framework {framework!r} is not one of {', '.join(frameworks)}."
    row = frameworks[framework]
    if async_mode != "auto" and async_mode not in row["interfaces"]:
        modes = [
            mode
            for mode in row["interfaces"]
            if (mode != "nest_asyncio" or python_version in NEST_ASYNCIO_PYTHONS)
            and (mode != "streaming" or programming_model == "v2")
        ]
        others = [name for name, other in frameworks.items() if async_mode in other["interfaces"]]
        return f"async_mode {async_mode!r} does not work with {row['title']}: choose auto or {' or '.join(modes)}" + (
            f", or a framework that has it ({', '.join(others)})." if others else "."
        )
    if async_mode == "streaming" and programming_model != "v2":
        return (
            f"async_mode 'streaming' does not work with programming_model {programming_model!r}, for which the worker "
            "has no streaming: choose programming_model v2, or another async_mode."
        )
    if async_mode == "nest_asyncio" and python_version not in NEST_ASYNCIO_PYTHONS:
        return (
            f"async_mode 'nest_asyncio' does not work with python_version {python_version!r}, where the worker runs on "
            "uvloop, which cannot be patched: choose python_version 3.11 or 3.12, or async_mode async."
        )
    return None


def check_function_name(function_name: str) -> str | None:
    """Return why the function's folder of programming model v1 would break imports, or None."""
    if function_name.lower() in {name.lower() for name in sys.stdlib_module_names}:
        return (
            f"function_name {function_name!r} in the table of frameworks would hide the standard library's module of "
            "that name: use another, such as 'HttpTrigger'."
        )
    return None


def check_folder(folder: Path, keep: dict[str, str], frameworks: dict[str, Any], framework: str) -> str | None:
    """Return why the folder's present content would be lost, or None.

    With --overwrite-if-exists the folder may hold a project already. What it has of the choices not made now, such as
    the app of another framework, would be pruned.
    """
    pruned = [path for path, kept in keep.items() if kept != "True"]
    others = [name for name in frameworks if name != framework]
    pruned += [
        path
        for name in others
        for path in (frameworks[name]["package"], f"funcweb/{name}", f"funcweb/testing/{name}.py")
    ]
    pruned.append(f"{frameworks[framework]['package']}/asgi")
    found = [path for path in pruned if (folder / path).exists()]
    if found:
        return f"{folder} already has {' and '.join(found)}, which these choices would remove: use a new folder."
    return None


def errors(context: dict[str, Any], folder: Path) -> Iterator[str | None]:
    """Yield a sentence for each answer that cannot work.

    Cookiecutter has made the project's folder by now, and removes it when an answer is refused. For `a/../b` it would
    leave `a` and remove `b`, even where `b` is the owner's, so cookiecutter.json keeps the answer in `__given_slug` and
    has no separator in `project_slug`.
    """
    frameworks = context["_frameworks"]
    yield check_cookiecutter(context["__framework"])
    yield check_slug(context["__given_slug"])
    for variable in ("project_name", "description", "author_name"):
        yield check_line(variable, context[variable])
    yield check_route_prefix(context["route_prefix"])
    yield check_combination(
        frameworks,
        *(context[question] for question in ("framework", "async_mode", "programming_model", "python_version")),
    )
    if context["programming_model"] == "v1":
        yield check_function_name(context["__function_name"])
    yield check_folder(folder, context["__keep"], frameworks, context["framework"])


def main() -> int:
    """Print the first error and tell Cookiecutter to stop."""
    context = json.loads(r"""{{ cookiecutter | tojson }}""")
    error = next(filter(None, errors(context, Path.cwd())), None)
    if error is None:
        Path(STARTED).touch()
        return 0
    print(f"ERROR: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
