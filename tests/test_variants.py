"""What comes out of the template, for every variant: its files, their contents, and what they do."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from packaging.requirements import Requirement

from tests.conftest import Bake, BakedProject, Mypy, run_python
from tests.hooks import post_gen
from tests.variants import (
    ANSWERS,
    COVERING,
    FRAMEWORKS,
    PLAIN,
    PROJECT,
    ROWS,
    Variant,
    context_of,
    covering,
    template_files,
)

# What a file of one choice must not speak of, by the choice that would explain it.
TRACES: dict[tuple[str, str], str] = {
    # The extension that gives the worker its server is named after FastAPI; the middleware for ASGI says what Starlette
    # does after an exception, whoever builds on it; and a quarter is no Quart.
    **{
        ("framework", name): rf"(?<!-http-)(?<!\.http\.){name}(?!er| sends its own page)|{row['package']}"
        for name, row in FRAMEWORKS.items()
    },
    ("framework", "custom"): r"smoke_|AZURE\.md|requirements-dev|ruff\.toml|mypy\.ini",
    ("interface", "wsgi"): r"\bwsgi|werkzeug|pep 3333|threads?pool",
    ("interface", "asgi"): r"\basgi|httpx2|uvicorn|lifespan",
    ("mode", "streaming"): r"streaming_?middleware|worker_server|azurefunctions[.-]ext",
    ("streams", "yes"): r"(?<!async_mode=)streaming|/stream\b",
    ("mode", "nest_asyncio"): r"nest_asyncio|uvloop",
    ("programming_model", "v1"): r"programming model v1|scriptFile",
    ("programming_model", "custom_handler"): r"\bserver\.py|(?<!_)custom.?handler|(asgi|wsgi)_server",
    ("declared_by", "function.json"): r"function\.json|authLevel",
    ("has_function", "yes"): r"azure.functions as func|azure-functions>",
    ("programming_model", "v2"): r"function_app|programming model v2|func\.FunctionApp|func\.Blueprint|auth_level",
    ("deployment", "azd"): r"\bazd\b|azure\.yaml|bicep",
    ("ci", "github"): r"\.github|dependabot",
    ("observability", "opentelemetry"): r"opentelemetry|azure-monitor|telemetry\b|_traces\b|telemetryMode",
    ("devcontainer", "yes"): r"devcontainer",
    ("jobs", "timer"): r"timer_?trigger|JOBS_SCHEDULE|on_schedule",
    ("jobs", "queue"): r"queue_?trigger|storage[.-]queue\b|funcweb[./]queues|job_traces|on_message|\bqueueRole",
}

# What a file speaks of whatever the choices.
ALWAYS: dict[str, set[tuple[str, str]]] = {
    # The worker's server is a FastAPI app with telemetry of its own, whatever the project's app is.
    "funcweb/worker_server.py": {("framework", "fastapi"), ("observability", "opentelemetry")},
    # Django's test client makes WSGI requests, whatever the handler takes.
    "funcweb/testing/django.py": {("interface", "wsgi")},
    "funcweb/testing/django_asgi.py": {("interface", "wsgi")},
}


with_covering = pytest.mark.parametrize("variant", COVERING, ids=str, indirect=True, scope="module")


def choices_of(variant: Variant) -> set[tuple[str, str]]:
    """Return the keys of TRACES that the variant may speak of."""
    chosen = {*variant.answers.items(), ("interface", variant.interface), ("mode", variant.mode)}
    # A framework may stand on another one.
    chosen |= {("framework", Requirement(line).name) for line in variant.row.get("also_requires", [])}
    if variant.mode == "streaming":  # A WSGI app streams by way of ASGI.
        chosen.add(("interface", "asgi"))
    if variant.streams:
        chosen.add(("streams", "yes"))
    if variant.has_function:
        chosen.add(("has_function", "yes"))
    if variant.programming_model != "v2":
        chosen.add(("declared_by", "function.json"))
    return chosen


def expected_files(variant: Variant) -> set[str]:
    """Return the files that the table keeps of those in the template."""
    context = context_of(variant)
    pruned = post_gen.unkept_paths(context)
    others = [name for name in ROWS if name != variant.framework]
    for name in others:
        pruned += [ROWS[name]["package"], f"funcweb/{name}", f"funcweb/testing/{name}.py"]
    other = f"{context['__package']}/asgi/"
    if variant.interface != "asgi":
        pruned.append(other.rstrip("/"))
    glue = f"funcweb/{variant.framework}/"
    wrappers = {f"{glue}{wrapper.partition('.')[0]}.py" for wrapper in context["__wrappers"].split()}
    files = {"local.settings.json"}  # copied from the example
    for path in template_files():
        name = path.replace("{{cookiecutter.__function_name}}", context["__function_name"])
        name = name.replace(other, f"{context['__package']}/") if variant.interface == "asgi" else name
        if any(name == gone or name.startswith(f"{gone}/") for gone in pruned):
            continue
        if not name.startswith(glue) or name in wrappers or (wrappers and name == f"{glue}__init__.py"):
            files.add(name)
    return files


@pytest.mark.parametrize("framework", [name for name, row in FRAMEWORKS.items() if row["auto"]])
def test_auto_is_what_it_stands_for(framework: str) -> None:
    auto, explicit = (
        context_of(Variant({**PLAIN, "framework": framework, "async_mode": mode}))
        for mode in ("auto", FRAMEWORKS[framework]["auto"])
    )
    assert {name for name in auto if auto[name] != explicit[name]} == {"async_mode"}
    # Nothing asks for the answer itself, but for `__mode`.
    files = [path for path in PROJECT.rglob("*") if path.is_file()]
    assert not [path for path in files if b"cookiecutter.async_mode" in path.read_bytes()]


def test_files(variant: Variant, project: BakedProject) -> None:
    assert project.files == expected_files(variant)
    assert all(any(folder.iterdir()) for folder in project.path.rglob("*") if folder.is_dir())


def test_no_trace_of_the_template_or_of_other_choices(variant: Variant, project: BakedProject) -> None:
    for name in sorted(project.files):
        text = project.read(name)
        explained = choices_of(variant) | ALWAYS.get(name, set())
        absent = [pattern for choice, pattern in TRACES.items() if choice not in explained]
        assert not re.search(r"(?<!\$)\{\{|\{%|%\}|cookiecutter", text), name
        found = re.search("|".join(absent), text, re.IGNORECASE)
        assert not found, f"{name} speaks of {found and found[0]}"


def test_each_file_has_its_reason_in_the_readme(project: BakedProject) -> None:
    readme = project.read("README.md")
    reasons = set(re.findall(r"`([\w./-]+)`", readme))
    for name in project.files - {"README.md"}:
        folder = f"{name.partition('/')[0]}/" if "/" in name else ""
        assert name in reasons or folder in reasons, f"README.md has no reason for {name}"


def test_text_is_tidy(project: BakedProject) -> None:
    for name in sorted(project.files):
        text = project.read(name)
        assert text.endswith("\n") and not text.endswith("\n\n"), name
        assert not text.startswith("\n"), name
        assert "\r" not in text, name
        assert not re.search(r"[ \t]\n", text), name
        assert "\n\n\n" not in text or name.endswith(".py"), name


def test_passes_ruff(project: BakedProject) -> None:
    project.passes_ruff()


@with_covering
def test_passes_its_own_tests(project: BakedProject) -> None:
    project.passes_its_own_tests()


@pytest.mark.parametrize(
    "variant",
    covering(
        ("framework", "interface"), ("programming_model", "mode"), ("observability", "interface"), ("jobs", "interface")
    ),
    ids=str,
    indirect=True,
    scope="module",
)
def test_passes_mypy(project: BakedProject, mypy: Mypy) -> None:
    # The cache is one for each version of Python, and takes most of the time.
    mypy.passes(project, "--python-version", PLAIN["python_version"])


def test_passes_mypy_for_the_oldest_python(bake: Bake, mypy: Mypy) -> None:
    project = bake.shared(framework=list(FRAMEWORKS)[-1], python_version=min(ANSWERS["python_version"]))
    mypy.passes(project)


def test_json_and_toml(variant: Variant, project: BakedProject) -> None:
    host = json.loads(project.read("host.json"))
    assert host["extensions"]["http"]["routePrefix"] == variant.route_prefix
    assert host.get("telemetryMode") == ("OpenTelemetry" if variant.observability == "opentelemetry" else None)
    # These settings are of the Application Insights SDK, which the host does not use beside OpenTelemetry.
    sampling = host["logging"].get("applicationInsights")
    assert (sampling is None) == (variant.observability == "opentelemetry")
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    settings = json.loads(project.read("local.settings.json"))
    # No secret: names of what is used, and nothing that opens anything.
    values = settings["Values"]
    assert values.pop("PYTHON_ENABLE_INIT_INDEXING", "1") == "1"
    assert values.pop("OTEL_PYTHON_DJANGO_INSTRUMENT", "False") == "False"
    if variant.jobs == "timer":
        assert values.pop("JOBS_SCHEDULE") == "0 */5 * * * *"
    assert ("queues" in host["extensions"]) == (variant.jobs == "queue")
    assert values == {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": "" if variant.jobs == "none" else "UseDevelopmentStorage=true",
        "AzureWebJobsSecretStorageType": "files",
        **variant.row.get("settings", {}),
    }
    pyproject = tomllib.loads(project.read("pyproject.toml"))
    assert pyproject["project"]["requires-python"] == f">={variant.python_version}"
    assert pyproject["tool"]["mypy"]["python_version"] == variant.python_version
    assert project.read(".python-version") == f"{variant.python_version}\n"


@pytest.mark.parametrize(
    "variant", covering(("programming_model", "auth_level")), ids=str, indirect=True, scope="module"
)
def test_the_function_is_declared(variant: Variant, project: BakedProject) -> None:
    check_declared_function(variant, project)


def check_declared_function(variant: Variant, project: BakedProject) -> None:
    """Check what the function app tells the host of its function."""
    handler = json.loads(project.read("host.json")).get("customHandler")
    assert (handler is None) == variant.has_function
    if variant.programming_model != "v2":
        function = json.loads(project.read(f"{variant.row['function_name']}/function.json"))
        trigger, output = function["bindings"]
        # What the host forwards to a custom handler has these two and no others.
        assert output == {"type": "http", "direction": "out", "name": "$return" if variant.has_function else "res"}
        assert function.get("scriptFile") == ("__init__.py" if variant.has_function else None)
        assert (project.path / variant.row["function_name"] / "__init__.py").exists() == variant.has_function
    else:
        settings = "import json, os; os.environ.update(json.load(open('local.settings.json'))['Values']); "
        code = "import function_app; [print(f.get_function_json()) for f in function_app.app.get_functions()]"
        result = project.python("-c", settings + code)
        assert result.returncode == 0, result.stderr
        bindings = [binding for line in result.stdout.splitlines() for binding in json.loads(line)["bindings"]]
        (trigger,) = (binding for binding in bindings if binding["type"] == "httpTrigger")
    assert trigger["route"] == "{*route}"
    assert trigger["authLevel"].lower() == variant.auth_level
    assert {method.upper() for method in trigger["methods"]} == {
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"
    }  # fmt: skip


def imported_distributions(paths: list[Path]) -> set[str]:
    """Return the names on the package registry of what these files import and Python does not bring along."""
    modules: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.replace("azure.monitor.", ""))
    # From this funcweb/worker_server.py takes what the extension of the worker brings.
    modules -= {"fastapi.applications"}
    # Several distributions share the package azure.
    modules = {"_".join(module.split(".")[:2]) if module.startswith("azure.") else module for module in modules}
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    own = {path.stem for path in paths if "funcweb" not in path.parts} | {"funcweb"}
    own |= {path.parent.name for path in paths if "funcweb" not in path.parts}
    distributions = {
        "azure_core": "azure-storage-queue",  # which stands on it
        "azure_functions": "azure-functions",
        "azure_identity": "azure-identity",
        "azure_storage": "azure-storage-queue",
        "azurefunctions": "azurefunctions-extensions-http-fastapi",
        "asgiref": "django",  # which stands on it
        "dj_database_url": "dj-database-url",
        "opentelemetry": "azure-monitor-opentelemetry",  # It brings the instrumentations, each in its own version.
    }
    return {distributions.get(top, top) for top in tops - own}


def requirements(project: BakedProject) -> set[str]:
    """Return the names in requirements.txt."""
    lines = [line for line in project.read("requirements.txt").splitlines() if not line.startswith("#")]
    return {Requirement(line).name for line in lines}


def test_requirements_name_what_is_imported_and_nothing_else(variant: Variant, project: BakedProject) -> None:
    sources = [path for path in project.path.rglob("*.py") if path.parent.name not in ("tests", "testing")]
    # What settings name is not imported, and uvicorn takes httptools by itself, where it is.
    named = {Requirement(line).name for line in variant.row.get("also_requires", [])}
    if (variant.has_function and variant.mode == "streaming") or (
        not variant.has_function and variant.interface == "asgi"
    ):
        named.add("httptools")
    assert requirements(project) == imported_distributions(sources) | named
    tests = imported_distributions(list(project.path.rglob("*.py")))
    app = variant.row["apps"][variant.interface]
    # The server is a command, and a framework's test client may stand on a package that only the framework imports.
    tools = {Requirement(line).name for line in (app["server_requirement"], app["test_client"]["requirement"]) if line}
    tools |= {"mypy", "pip", "ruff"}  # build.py takes pip
    group = tomllib.loads(project.read("pyproject.toml"))["dependency-groups"]["dev"]
    assert {Requirement(line).name for line in group} == (tests | tools) - requirements(project)


def test_azure_functions_is_split_by_python_version(variant: Variant, project: BakedProject) -> None:
    lines = project.read("requirements.txt").splitlines()
    ranges = [Requirement(line) for line in lines if line.startswith("azure-functions")]
    if not variant.has_function:
        assert not ranges
        return
    for python in ANSWERS["python_version"]:
        wanted = "1.26.0" if python in ("3.11", "3.12") else "2.3.0"
        valid = [r for r in ranges if r.marker and r.marker.evaluate({"python_version": python})]
        assert len(valid) == 1
        assert valid[0].specifier.contains(wanted)


def ask(method: str, path: str, body: str = "") -> dict[str, Any]:
    """Return a request for invoke.py, without the route prefix."""
    headers = {"content-type": "application/json"} if body else {}
    return {"method": method, "url": path, "headers": {"host": "localhost", **headers}, "body": body}


@pytest.mark.parametrize(
    "variant",
    covering(("framework", "interface"), ("programming_model", "mode"), ("auth_level",)),
    ids=str,
    indirect=True,
    scope="module",
)
def test_handler_answers_every_route(variant: Variant, project: BakedProject, tmp_path: Path) -> None:
    names = ["Ada", "José", "Ada Lovelace", "李 小龙", "50%"]
    bad = ["{", "[]", "{}", '{"name": ""}', '{"name": 1}', '"José"']
    requests = [
        ask("GET", "/"),
        *(ask("GET", f"/hello/{quote(name)}") for name in names),
        ask("POST", "/hello", '{"name": "José"}'),
        *(ask("POST", "/hello", body) for body in bad),
        ask("GET", "/health"),
        ask("GET", "/nowhere"),
        ask("HEAD", "/health"),
    ]
    if variant.row["docs"]:
        requests += [ask("GET", variant.row["docs"]), ask("GET", "/openapi.json")]
    for request in requests:
        request["url"] = f"https://localhost{variant.root_path}{request['url']}"
    result = run_python(
        Path(__file__).with_name("invoke.py"),
        project.path,
        variant.programming_model,
        cwd=tmp_path,
        input=json.dumps(requests),
    )
    assert result.returncode == 0, result.stderr
    replies = iter(json.loads(result.stdout.splitlines()[-1]))  # after what a server of its own prints

    index = next(replies)
    assert index["status"] == 200 and json.loads(index["body"])["message"]
    headers = {name.lower(): value for name, value in index["headers"]}
    assert headers["content-type"].startswith("application/json")
    for name in [*names, "José"]:
        reply = next(replies)
        assert reply["status"] == 200, reply
        assert json.loads(reply["body"]) == {"message": f"Hello, {name}!"}
    for body in bad:
        reply = next(replies)
        assert reply["status"] in (400, 422), body
        assert json.loads(reply["body"]), body
    assert next(replies)["status"] == 200
    assert next(replies)["status"] == 404
    assert next(replies)["body"] == ""
    if variant.row["docs"]:
        docs, openapi = replies
        assert docs["status"] == 200
        # With a key the page holds the description, and asks for nothing.
        assert ("openapi.json" in docs["body"]) == (variant.auth_level == "anonymous")
        assert ("/hello/{name}" in docs["body"]) == (variant.auth_level != "anonymous")
        description = json.loads(openapi["body"])
        assert "/hello/{name}" in description["paths"]
        assert description.get("servers", [{"url": ""}]) == [{"url": variant.root_path}]
