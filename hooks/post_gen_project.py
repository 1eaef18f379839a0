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
from pathlib import Path
from typing import Any

STARTED = Path(".bake-started")  # a folder that pre_gen makes just before Cookiecutter writes the first file
UNSEEN = {".git", ".venv", "node_modules", "venv"}  # large folders of the owner's, in which neither hook looks
LEFTOVERS = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store"}

NOBODYS: frozenset[Path] = frozenset()

# What in a .gitignore of the owner's keeps the project's secrets and products out of git.
IGNORED = ["local.settings.json", ".venv/", "/dist/", ".python_packages/"]

# What a host.json and a local.settings.json of the owner's lack for `jobs`.
QUEUES = {"maxPollingInterval": "00:00:02", "visibilityTimeout": "00:00:30"}
JOB_SETTINGS = {
    "none": {},
    "timer": {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "JOBS_SCHEDULE": "0 */5 * * * *"},
    "queue": {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
}

# Files that the owner of an app may have had before, and why the template has one of that name.
KEPT = {
    ".devcontainer/devcontainer.json": "the template's has the Azure tools",
    ".funcignore": "build.py deploys what it does not name: it should name tests/**, .venv/** and secrets",
    ".github/dependabot.yml": "the template's watches the packages and the actions",
    ".github/workflows/ci.yml": "deploy.yml calls it, and deploys the artifact app, which the template's uploads",
    ".github/workflows/deploy.yml": "the template's deploys what ci.yml has built",
    ".vscode/extensions.json": "the template's names the Azure Functions extension",
    ".vscode/launch.json": "the template's lets F5 attach to the function",
    ".vscode/settings.json": "the template's tells the Azure Functions extension of the project",
    ".vscode/tasks.json": "the template's starts the function for F5",
    "azure.yaml": "azd deploys by it; the template's runs build.py and deploys dist/app",
    "build.py": "CI and azd run it for a package in dist/, which the template's makes",
    "infra/main.bicep": "the template's describes the function app",
    "infra/main.parameters.json": "the template's belongs to its main.bicep",
    "local.settings.example.json": "the template's is the local.settings.json of a new clone",
    "tests/test_function.py": "the template's calls the function once",
}


def owners_paths(folder: Path, before: dict[str, int]) -> frozenset[Path]:
    """Return the paths of what is the owner's: what was there before this bake, and is unchanged.

    With --skip-if-file-exists Cookiecutter leaves files as they are; without it, it writes over them.
    """

    def unchanged(path: Path, changed: int) -> bool:
        return path.is_dir() or (os.path.lexists(path) and path.lstat().st_mtime_ns == changed)

    return frozenset(Path(name) for name, changed in before.items() if unchanged(folder / name, changed))


def put_back(copies: Path, folder: Path) -> None:
    """Put back the owner's files of which pre_gen has kept copies, as Cookiecutter may have written over them."""
    for path in copies.rglob("*"):
        if path.is_file():
            shutil.copy2(path, folder / path.relative_to(copies))


def remove_leftovers(folder: Path, owners: frozenset[Path]) -> None:
    """Remove what Python and other tools had left in the template's folder, since Cookiecutter copies all of it.

    In a folder that was there before, the owner may have the same, such as a `.pytest_cache`, which stays.
    """
    paths = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in UNSEEN]
        paths += [Path(parent, name) for name in [*folders, *files]]
    emptied: set[Path] = set()
    for path in sorted(paths, reverse=True):  # what a folder holds before the folder
        left_over = path.suffix == ".pyc" or not LEFTOVERS.isdisjoint(path.relative_to(folder).parts)
        if (path in emptied or left_over) and path.relative_to(folder) not in owners:
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
            else:
                continue
            emptied.add(path.parent)


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


def pruned_paths(context: dict[str, Any]) -> list[str]:
    """Return the paths in the project that the choices leave unused."""
    frameworks, framework = context["_frameworks"], context["framework"]
    others = [name for name in frameworks if name != framework]
    folders = [
        folder
        for name in others
        for folder in (frameworks[name]["package"], f"funcweb/{name}", f"funcweb/testing/{name}.py")
        if folder
    ]
    return [*folders, *unkept_paths(context)]


def prune_glue(folder: Path, wrappers: str) -> None:
    """Leave of the modules that only this framework needs those that `wrappers`, such as `key.with_key`, name."""
    if folder.exists():
        kept = {"__init__", *(wrapper.partition(".")[0] for wrapper in wrappers.split())}
        for module in folder.glob("*.py"):
            if module.stem not in kept:
                module.unlink()
        if [path.name for path in folder.iterdir()] == ["__init__.py"]:
            shutil.rmtree(folder)


def choose_interface(package: Path, interface: str, owners: frozenset[Path] = NOBODYS) -> None:
    """Leave one app in the package of a framework that has another one for ASGI, in its folder asgi."""
    other = package / "asgi"
    if other.exists():
        if interface == "asgi":
            for module in other.iterdir():
                if package / module.name not in owners:
                    module.replace(package / module.name)
        shutil.rmtree(other)


def remove(path: Path, owners: frozenset[Path] = NOBODYS) -> None:
    """Remove a file, or a folder with all that is in it, but for what is the owner's."""
    if path.is_dir() and not path.is_symlink():
        for each in path.iterdir():
            if each.name not in UNSEEN:
                remove(each, owners)
        if path not in owners and not any(path.iterdir()):
            path.rmdir()
    elif path not in owners:
        path.unlink(missing_ok=True)


def rename_sample(folder: Path, sample: str, package: str, owners: frozenset[Path]) -> None:
    """Give the sample's package another name, also where modules outside funcweb say it."""
    (folder / sample).rename(folder / package)
    word = re.compile(rf"\b{re.escape(sample)}\b")
    for path in [*folder.glob("*.py"), *(folder / package).rglob("*.py"), *(folder / "tests").rglob("*.py")]:
        if path.relative_to(folder) not in owners:
            text = path.read_text(encoding="utf-8")
            if word.search(text):
                path.write_text(word.sub(package, text), encoding="utf-8", newline="\n")


def copy_settings(folder: Path) -> None:
    """Copy the example to local.settings.json, which git leaves out, unless that is there already."""
    settings = folder / "local.settings.json"
    if not settings.exists():
        shutil.copyfile(folder / "local.settings.example.json", settings)


def is_temporary(folder: Path) -> bool:
    """Return whether the folder is in one that Python's tempfile made, as when the demo or `cruft update` bakes."""
    above = folder.parent
    if re.fullmatch(r"tmp[a-z0-9_]{8}", above.name) is None:
        return False
    import tempfile  # It is slow to import, and seldom needed.

    return above.parent.resolve() == Path(tempfile.gettempdir()).resolve()


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


def read(path: Path) -> str:
    """Return the text of a file of the owner's, or nothing where there is none."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def missing_requirements(context: dict[str, Any], text: str) -> list[str]:
    """Return the lines of the project's requirements whose packages a requirements.txt does not name."""

    def name(line: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line.strip())[0]).lower()

    named = {name(line) for line in text.splitlines()}
    return [line for line in context["__requirements"] if line and name(line) not in named]


def function_code(context: dict[str, Any]) -> list[str]:
    """Return the lines that a function_app.py of the owner's needs."""
    streaming = context["__mode"] == "streaming"
    request, response = ("Request", "Response") if streaming else ("func.HttpRequest", "func.HttpResponse")
    extension = ["from azurefunctions.extensions.http.fastapi import Request, Response"] if streaming else []
    define, handle = ("async def", "await middleware.handle_async")
    if context["__mode"] == "sync":
        define, handle = ("def", "middleware.handle")
    return [
        *extension,
        *context["__imports"].split("\n"),
        f"middleware = {context['__make_middleware']}",
        *(["app.register_functions(bp)"] if context["jobs"] != "none" else []),
        '@app.route(route="{*route}", auth_level="' + context["auth_level"] + '")',
        f"{define} main(req: {request}, context: func.Context) -> {response}:",
        f"    return {handle}(req, context)",
    ]


def host_settings(context: dict[str, Any], text: str) -> list[str]:
    """Return what a host.json of the owner's must be changed to say."""
    try:
        settings = json.loads(text)
        prefix = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    except (AttributeError, ValueError):
        return ["make it JSON without comments, which funcweb reads"]
    lines = []
    if prefix != context["route_prefix"]:
        lines.append(json.dumps({"extensions": {"http": {"routePrefix": context["route_prefix"]}}})[1:-1])
    if context["programming_model"] == "custom_handler" and "customHandler" not in settings:
        description = {"defaultExecutablePath": "python", "arguments": ["server.py"]}
        handler = {"description": description, "enableProxyingHttpRequest": True}
        lines.append(json.dumps({"customHandler": handler})[1:-1])
    if context["observability"] == "opentelemetry" and settings.get("telemetryMode") != "OpenTelemetry":
        lines.append('"telemetryMode": "OpenTelemetry"')
    if context["jobs"] == "queue" and "queues" not in settings.get("extensions", {}):
        lines.append(json.dumps({"extensions": {"queues": QUEUES}})[1:-1])
    return lines


def left_to_do(context: dict[str, Any], folder: Path, owners: frozenset[Path]) -> list[str]:
    """Return lines that say what the owner of an app must still do by hand: what to do, and below it what to write."""
    module = context["__module"].replace(".", "/")
    found = any((folder / name).exists() for name in (f"{module}.py", f"{module}/__init__.py"))
    requirements = ["what your app requires, since Azure reads no other file"]
    if Path("requirements.txt") in owners:
        requirements = missing_requirements(context, read(folder / "requirements.txt"))
    steps = {
        f"Put the app where it is imported from, as {context['__variable']}:": [] if found else [f"{module}.py"],
        "Add to requirements.txt:": requirements,
    }
    if (folder / "uv.lock").exists():
        wanted = missing_requirements(context, read(folder / "pyproject.toml"))
        steps["Run, since build.py and CI install what uv.lock holds:"] = (
            [f"uv add {shlex.join(wanted)}"] if wanted else []
        )
    ignored = {line.strip().strip("/") for line in read(folder / ".gitignore").splitlines()}
    steps["Add to .gitignore:"] = [line for line in IGNORED if line.strip("/") not in ignored]
    if "funcweb" not in read(folder / "function_app.py") and context["programming_model"] == "v2":
        steps["Add to function_app.py:"] = function_code(context)
    if Path("host.json") in owners:
        steps["Set in host.json:"] = host_settings(context, read(folder / "host.json"))
    wanted_settings = {"FUNCTIONS_WORKER_RUNTIME": "python", **JOB_SETTINGS[context["jobs"]]}
    settings = read(folder / "local.settings.json")
    steps["Add to Values in local.settings.json:"] = [
        f'"{name}": "{value}"' for name, value in wanted_settings.items() if f'"{name}"' not in settings
    ]
    if Path("funcweb") not in owners:
        steps["Compare with a bake into an empty folder, since these were there and are unchanged:"] = [
            f"{name}: {why}" for name, why in KEPT.items() if Path(name) in owners
        ]
    lines = [
        line for title, items in steps.items() if items for line in (f"  {title}", *(f"    {each}" for each in items))
    ]
    return ["Left to do by hand:", *lines] if lines else []


def template_source(context: dict[str, Any]) -> str:
    """Return what `uvx --from` takes to find the local Functions host where the template came from, or nothing."""
    template = str(context.get("_template", ""))
    scheme, _, name = template.partition(":")
    sites = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}
    if scheme in sites:
        return f"git+{sites[scheme]}{name}"
    if scheme == "https" and "@" not in name and not name.endswith(".zip"):
        return f"git+{template}"
    local = Path(os.environ.get("PWD", ""), template)  # The hook has another working directory.
    return shlex.quote(str(local.resolve())) if (local / "cookiecutter.json").exists() else ""


def serve(context: dict[str, Any]) -> str:
    """Return the command that serves the function without Core Tools, or nothing where there is none."""
    source = template_source(context)
    if not source or context["__mode"] == "nest_asyncio":
        return ""
    uv = "uv" if shutil.which("uv") else os.environ.get("UV", "uv")
    python = max(context["python_version"], "3.13", key=lambda version: int(version.partition(".")[2]))
    return f"{shlex.quote(uv)} tool run --python {python} --from {source} functions-host ."


def summary(context: dict[str, Any], folder: Path, owners: frozenset[Path] = NOBODYS) -> list[str]:
    """Return lines that say what was made, how to run and test it, and how to keep it; each command can be pasted."""
    app = context["_frameworks"][context["framework"]]["apps"][context["__interface"]]
    python = str(Path(".venv", "Scripts" if os.name == "nt" else "bin", "python"))
    server = app["server"].format(app=context["app"]).replace("python", python, 1)
    enter = f'cd "{folder}"' if os.name == "nt" else f"cd {shlex.quote(str(folder))}"
    install = f"{make_environment(context['python_version'])} && {python} -m pip install {context['__install']}"
    test = context["__test"].replace("python", python, 1)
    own = not context["__sample"]
    serving = serve(context) if own else ""
    readme = "AZURE.md" if Path("README.md") in owners and own else "README.md"
    in_git = any((parent / ".git").exists() for parent in [folder, *folder.parents])
    return [
        f"Made {context['project_slug']}: {context['__framework']} on Azure Functions ({context['__mode']}, "
        f"programming model {context['programming_model']}, Python {context['python_version']}).",
        *(left_to_do(context, folder, owners) if own else []),
        f"Run it:  {enter} && {install} && {server}",
        f"Test it: {enter} && {install} && {test}",
        *([f"As a function: {enter} && {serving}"] if serving else []),
        *([] if in_git else [f"Keep it: {enter} && git init && git add --all"]),
        f"{readme} there says how to run it as a function, and how to deploy it.",
    ]


def main() -> int:
    """Prune the project in the working directory."""
    context = json.loads(r"""{{ cookiecutter | tojson }}""")
    sample, package = context["__sample"], context["__package"]
    owners = NOBODYS
    if STARTED.exists():
        put_back(STARTED / "files", Path())
        owners = owners_paths(Path(), json.loads((STARTED / "paths.json").read_text(encoding="utf-8")))
        shutil.rmtree(STARTED)
        remove_leftovers(Path(), owners)
    if sample:
        choose_interface(Path(sample), context["__interface"], owners)
    for path in pruned_paths(context):
        remove(Path(path), owners)
    prune_glue(Path("funcweb", context["framework"]), context["__wrappers"])
    if sample and package != sample:
        rename_sample(Path(), sample, package, owners)
    if not sample and Path("README.md") not in owners:
        remove(Path("AZURE.md"), owners)  # It says the same as README.md.
    copy_settings(Path())
    if not is_temporary(Path.cwd()):
        print("\n".join(summary(context, Path.cwd(), owners)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
