"""Refuse answers that cannot work, in one sentence each, before anything is written.

Cookiecutter renders this file and runs it in the new, empty project folder. Unrendered, it can be imported.
"""

from __future__ import annotations

import json
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SLUG = re.compile(r"[A-Za-z0-9]+(?:[-_]+[A-Za-z0-9]+)*")
PREFIX_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
NEST_ASYNCIO_PYTHONS = ("3.11", "3.12")
NOT_TEXT = {"Cc", "Co", "Cs", "Zl", "Zp"}  # Unicode's categories: controls, private and half characters, line ends
TURNS_AROUND = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HOST_PATHS = {"admin", "runtime"}
STARTED = Path(".bake-started")  # a folder that tells what was there before this bake; post_gen reads and removes it
UNSEEN = {".git", ".venv", "node_modules", "venv"}  # large folders in which neither hook looks

# What a package of the app cannot be called: the project has a file or folder of that name, or does not deploy it.
TAKEN = {
    "azure", "azurefunctions", "build", "dist", "env", "funcweb", "function_app", "infra", "manage",
    "nest_asyncio", "opentelemetry", "tests", "venv",
}  # fmt: skip
TEMPLATE_FOLDERS = ("funcweb", "tests", "infra", ".devcontainer", ".github", ".vscode")


def check_cookiecutter(framework: str) -> str | None:
    """Return which Cookiecutter is needed where this one has not rendered a private variable, or None.

    Cookiecutter 1.7, which Debian 12 and Ubuntu 22.04 have, renders no name that begins with `__`.
    """
    if framework.startswith("{"):
        from importlib import metadata  # Half of the hook's time, where it is imported for nothing.

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


def working_modes(row: dict[str, Any], programming_model: str, python_version: str) -> list[str]:
    """Return the async modes in which a framework works with these."""
    return [
        mode
        for mode in row["interfaces"]
        if (
            mode != "nest_asyncio" or (python_version in NEST_ASYNCIO_PYTHONS and programming_model != "custom_handler")
        )
        and (mode != "streaming" or programming_model == "v2")
    ]


def check_combination(
    frameworks: dict[str, Any], framework: str, async_mode: str, programming_model: str, python_version: str
) -> str | None:
    """Return why the framework cannot run this way, with the choices that would work, or None."""
    if framework not in frameworks:
        return f"framework {framework!r} is not one of {', '.join(frameworks)}."
    row = frameworks[framework]
    modes = working_modes(row, programming_model, python_version)
    if async_mode == "auto" and not row["auto"]:
        interfaces = [f"{mode} ({row['interfaces'][mode].upper()})" for mode in modes]
        return (
            f"async_mode 'auto' does not work with framework {row['title']!r}, for which it says the interface of your "
            f"app: choose {' or '.join(interfaces)}."
        )
    if async_mode != "auto" and async_mode not in row["interfaces"]:
        others = [name for name, other in frameworks.items() if async_mode in other["interfaces"]]
        return f"async_mode {async_mode!r} does not work with {row['title']}: choose auto or {' or '.join(modes)}" + (
            f", or a framework that has it ({', '.join(others)})." if others else "."
        )
    if async_mode in ("streaming", "nest_asyncio") and programming_model == "custom_handler":
        reason = {
            "streaming": "which streams in every mode",
            "nest_asyncio": "whose server has an event loop of its own",
        }[async_mode]
        return (
            f"async_mode {async_mode!r} does not work with programming_model 'custom_handler', {reason}: choose "
            f"{' or '.join(mode for mode in ('auto', *modes) if mode != 'auto' or row['auto'])}."
        )
    if programming_model == "v1" and "streaming" in (async_mode, row["auto"] if async_mode == "auto" else ""):
        means = f", which is streaming for {row['title']}," if async_mode == "auto" else ""
        return (
            f"async_mode {async_mode!r}{means} does not work with programming_model {programming_model!r}, for which "
            f"the worker has no streaming: choose programming_model v2, or async_mode {' or '.join(modes)}."
        )
    if async_mode == "nest_asyncio" and python_version not in NEST_ASYNCIO_PYTHONS:
        versions = " or ".join(NEST_ASYNCIO_PYTHONS)
        return (
            f"async_mode 'nest_asyncio' does not work with python_version {python_version!r}, where the worker runs on "
            f"uvloop, which cannot be patched: choose python_version {versions}, or async_mode async."
        )
    return None


def check_jobs(jobs: str, programming_model: str) -> str | None:
    """Return why there cannot be such functions beside the web app, or None."""
    if jobs != "none" and programming_model == "custom_handler":
        return (
            f"jobs {jobs!r} does not work with programming_model 'custom_handler', to which the host would send a "
            "timer or a message as a request like any other: choose programming_model v2 or v1, or jobs none."
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


def distributions(row: dict[str, Any]) -> set[str]:
    """Return the names, as they are imported, of the packages that a sample and its tests stand on."""
    lines = [row["requirement"], *row.get("also_requires", [])]
    for app in row["apps"].values():
        lines += [app["server_requirement"], app["test_client"]["requirement"]]
    names = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in lines if line}
    return names | {app["test_client"]["module"].partition(".")[0] for app in row["apps"].values()}


def check_app(
    app: str,
    row: dict[str, Any],
    interface: str,
    function_name: str,
    programming_model: str = "v2",
    beside: tuple[str, ...] = (),
) -> str | None:
    """Return why the app cannot be there, or None; `beside` are the names of other modules that the project has.

    The worker in Azure puts the project's folder last on `sys.path`, so a module of the standard library would be
    imported in the place of one of the project.
    """
    if not app:
        return (
            "app is empty, but must say where your app is, as module:variable: for example app=mysite.wsgi:application."
        )
    module, _, variable = app.partition(":")
    names = [*module.split("."), variable]
    if not all(name.isascii() and name.isidentifier() and not keyword.iskeyword(name) for name in names):
        return (
            f"app {app!r} is not module:variable, in names that Python can import: use for example "
            f"{row['apps'][interface]['app'].format(package='shop') or 'mysite.wsgi:application'!r}."
        )
    package = names[0]
    if package in sys.stdlib_module_names:
        return (
            f"app {app!r} cannot be imported, as the standard library has a module {package!r}: use another name for "
            "your package or module."
        )
    taken = TAKEN | {name.lower() for name in (function_name, *beside)}
    taken |= distributions(row) if row["package"] else set()
    if programming_model == "custom_handler":
        taken |= {"server", "uvicorn", "waitress"}
    if package.lower() in taken or package.endswith("_env"):
        return (
            f"app {app!r} cannot be in {package!r}, a name that the project uses for something else: use another name "
            "for your package or module."
        )
    sample = row["apps"][interface]["app"].format(package=package)
    if row["package"] and app != sample:
        return (
            f"app {app!r} does not fit the sample, of which the package alone can have another name: use {sample!r}, "
            "or framework custom for an app that you have."
        )
    return None


def check_own_folder(
    folder: Path, function_name: str, programming_model: str, python_version: str, frameworks: dict[str, Any]
) -> str | None:
    """Return why the app in this folder, or the function, would not work after a bake into it, or None.

    Files of the owner's stay as they are whatever they are called; post_gen says what is to be done in them.
    """
    if (folder / "funcweb.py").exists() or (
        (folder / "funcweb").exists() and not (folder / "funcweb" / "route.py").exists()
    ):
        return f"{folder} already has its own 'funcweb', which is the name of the template's package: rename yours."
    folders = [*TEMPLATE_FOLDERS, function_name, *(row["package"] for row in frameworks.values() if row["package"])]
    for name in folders:
        if (folder / name).exists() and not (folder / name).is_dir():
            return f"{folder} has a file {name!r} where the template has a folder: rename yours."
    if programming_model != "v2" and (folder / "function_app.py").exists():
        return (
            f"{folder} already has function_app.py, beside which the Functions host ignores functions that a "
            "function.json declares: choose programming_model v2."
        )
    server = folder / "server.py"
    if (
        programming_model == "custom_handler"
        and server.exists()
        and "funcweb" not in server.read_text(errors="replace")
    ):
        return f"{folder} already has server.py, which is what the Functions host would start: rename yours."
    version_file = folder / ".python-version"
    if version_file.is_file():
        version = version_file.read_text(encoding="utf-8", errors="replace").strip()
        if not re.search(rf"(?<![\d.]){re.escape(python_version)}(?!\d)", version):
            return (
                f"python_version {python_version!r} is not what the .python-version in {folder} says, {version!r}: "
                "answer with that version, or change the file."
            )
    return None


def check_own_jobs(folder: Path, modules: tuple[str, ...]) -> str | None:
    """Return which of the owner's modules has the name of one of the template's for `jobs`, or None.

    Those of an earlier bake stay, as the owner has changed them: the one has functions, the other imports them.
    """
    for module, words in zip(modules, ("azure.functions", "from jobs import"), strict=False):
        files = [folder / f"{module}.py", folder / module / "__init__.py"]
        found = [path for path in files if path.is_file()]
        if any(words not in path.read_text(encoding="utf-8", errors="replace") for path in found):
            return f"{folder} already has its own {module!r}, which is the name of one of the template's: rename yours."
    return None


def unkept_paths(context: dict[str, Any]) -> list[str]:
    """Return the paths that the answers do not keep, by the table `_keep`.

    There each of a path's variables must have one of the values, or, for true and false, some value or none.
    """

    def fits(variable: str, wanted: Any) -> bool:
        value = context[variable]
        return bool(value) == wanted if isinstance(wanted, bool) else value in wanted

    names = {"function_name": context["__function_name"], "sample": context["__sample"] or "."}
    return [
        path.format(**names)
        for path, conditions in context["_keep"].items()
        if not all(fits(variable, wanted) for variable, wanted in conditions.items())
    ]


def check_folder(folder: Path, unkept: list[str], frameworks: dict[str, Any], framework: str) -> str | None:
    """Return why the folder's present content would be lost, or None.

    With --overwrite-if-exists the folder may hold a project already. What it has of the choices not made now, such as
    the app of another framework, would be pruned.
    """
    others = [name for name in frameworks if name != framework]
    pruned = [*unkept]
    pruned += [
        path
        for name in others
        for path in (frameworks[name]["package"], f"funcweb/{name}", f"funcweb/testing/{name}.py")
    ]
    pruned.append(f"{frameworks[framework]['package']}/asgi")
    pruned = [path for path in pruned if path]
    found = [path for path in pruned if (folder / path).exists()]
    if found:
        return f"{folder} already has {' and '.join(found)}, which these choices would remove: use a new folder."
    return None


def check_renamed(folder: Path, sample: str, package: str) -> str | None:
    """Return why the sample cannot have this package's name, or None."""
    if package != sample and ((folder / package).exists() or (folder / f"{package}.py").exists()):
        return (
            f"{folder} already has {package}, which the sample would take the place of: use another name, or framework "
            "custom if that is your app."
        )
    return None


def paths_before(folder: Path) -> dict[str, int]:
    """Return the path of all that is in the folder, and when each was changed, in nanoseconds."""
    found = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in UNSEEN]
        for name in [*folders, *files]:
            path = Path(parent, name)
            found[path.relative_to(folder).as_posix()] = path.lstat().st_mtime_ns
    return found


def template_folder(context: dict[str, Any]) -> Path | None:
    """Return the folder in the template of which the project is made, if this Cookiecutter tells where that is."""
    # It may be relative to the folder in which Cookiecutter was started. The hook has another working directory.
    repository = Path(os.environ.get("PWD", ""), context.get("_repo_dir", ""))
    return next(repository.glob("*cookiecutter.project_slug*"), None)


def copy_owners_files(folder: Path, template: Path, copies: Path) -> None:
    """Copy what the owner has under the name of one of the template's files; post_gen puts it back.

    Without --skip-if-file-exists Cookiecutter writes over it, and no hook is told of its flags.
    """
    import shutil  # It is slow to import, and only an app that somebody has needs it.

    for path in template.rglob("*"):
        name = path.relative_to(template)
        if name.parts[0] != "funcweb" and path.is_file() and (folder / name).is_file():
            (copies / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, copies / name)


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
    yield check_jobs(context["jobs"], context["programming_model"])
    row, function_name = frameworks[context["framework"]], context["__function_name"]
    if context["programming_model"] == "v1":
        yield check_function_name(function_name)
    beside = tuple(context["__job_modules"].split())
    yield check_app(context["app"], row, context["__interface"], function_name, context["programming_model"], beside)
    if row["package"]:
        yield check_folder(folder, unkept_paths(context), frameworks, context["framework"])
        yield check_renamed(folder, row["package"], context["__package"])
    else:
        yield check_own_folder(
            folder, function_name, context["programming_model"], context["python_version"], frameworks
        )
        yield check_own_jobs(folder, beside)


def main() -> int:
    """Print the first error and tell Cookiecutter to stop."""
    context = json.loads(r"""{{ cookiecutter | tojson }}""")
    error = next(filter(None, errors(context, Path.cwd())), None)
    if error is None:
        before = paths_before(Path.cwd())
        STARTED.mkdir(exist_ok=True)
        (STARTED / "paths.json").write_text(json.dumps(before), encoding="utf-8")
        if before and not context["__sample"] and (template := template_folder(context)):
            copy_owners_files(Path.cwd(), template, STARTED / "files")
        return 0
    print(f"ERROR: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
