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

from tests.conftest import BakedProject, run_python
from tests.variants import FRAMEWORKS, Variant

ALWAYS = {
    ".editorconfig",
    ".funcignore",
    ".gitignore",
    ".vscode/extensions.json",
    ".vscode/launch.json",
    ".vscode/settings.json",
    ".vscode/tasks.json",
    "README.md",
    "build.py",
    "funcweb/__init__.py",
    "funcweb/route.py",
    "host.json",
    "local.settings.json",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "tests/conftest.py",
    "tests/test_app.py",
}

# What both middlewares need that collect a response and send it whole.
BUFFERED = {"funcweb/cookies.py", "funcweb/http.py", "funcweb/response.py"}

# What an answer adds to them.
FILES_OF_ANSWERS: dict[tuple[str, str], set[str]] = {
    ("deployment", "azd"): {"azure.yaml", "infra/main.bicep", "infra/main.parameters.json"},
    ("ci", "github"): {".github/dependabot.yml", ".github/workflows/ci.yml", ".github/workflows/deploy.yml"},
    ("devcontainer", "yes"): {".devcontainer/devcontainer.json"},
}

# What a file of one choice must not speak of, by the choice that would explain it.
TRACES = {
    # What streams uses the worker's server, which is a FastAPI app, and its extension is named so.
    **{
        framework: rf"(?<!-http-)(?<!\.http\.)(?<!\.instrumentation\.){framework}(?!instrumentor)|{row['package']}"
        for framework, row in FRAMEWORKS.items()
    },
    "wsgi": r"\bwsgi|werkzeug|pep 3333|threads?pool",
    "asgi": r"\basgi|httpx2|uvicorn|lifespan",
    # An error may say what to choose for a response that does not end.
    "streaming": r"(?<!async_mode=)streaming|a2wsgi|azurefunctions[.-]ext|/stream\b",
    "nest_asyncio": r"nest_asyncio|uvloop",
    "v1": r"function\.json|programming model v1|authLevel",
    "v2": r"function_app|programming model v2|func\.FunctionApp|auth_level",
    "azd": r"\bazd\b|azure\.yaml|bicep",
    "github": r"\.github|dependabot",
    "opentelemetry": r"opentelemetry|azure-monitor|telemetry\b|_traces\b|telemetryMode",
    "yes": r"devcontainer",
}


def words_of(variant: Variant) -> set[str]:
    """Return the keys of TRACES that the variant may speak of."""
    # A WSGI app streams by way of ASGI.
    return {*variant, variant.interface, variant.mode, *(["asgi"] if variant.mode == "streaming" else [])}


def test_files(variant: Variant, project: BakedProject) -> None:
    name = variant.row["function_name"]
    entry = {"v1": {f"{name}/__init__.py", f"{name}/function.json"}, "v2": {"function_app.py"}}
    package = variant.row["package"]
    middleware = {
        "wsgi": {"funcweb/wsgi.py", *BUFFERED},
        "asgi": {"funcweb/asgi.py", "funcweb/lifespan.py", *BUFFERED},
        "streaming": {
            "funcweb/streaming.py", "funcweb/lifespan.py", "tests/test_stream.py", f"{package}/streaming.py"
        },
    }  # fmt: skip
    joining = set(middleware[variant.middleware])
    if variant.mode == "nest_asyncio":
        joining.add("funcweb/nested_asgi.py")
    if variant.mode == "streaming" and variant.interface == "wsgi":
        joining.add("funcweb/streaming_wsgi.py")
    wrappers = [variant.row["wrappers"].get(variant.interface, ""), variant.row["wrappers"].get(variant.mode, "")]
    if variant.observability == "opentelemetry":
        joining.add("funcweb/telemetry.py")
        wrappers.append(f"{variant.interface}_traces.traced")
        if variant.mode == "streaming":
            joining.add("funcweb/streaming_telemetry.py")
    if variant.row["docs"] and variant.auth_level != "anonymous":
        wrappers.append("key.with_key")
    glue = {f"funcweb/{variant.framework}/{name.partition('.')[0]}.py" for name in wrappers if name}
    if glue:
        joining |= {*glue, f"funcweb/{variant.framework}/__init__.py", "funcweb/wrap.py"}
    assert project.files == (
        ALWAYS
        | joining
        | {f"{package}/__init__.py"}
        | entry[variant.programming_model]
        | set().union(*(FILES_OF_ANSWERS.get(answer, set()) for answer in variant._asdict().items()))
    )
    assert all(any(folder.iterdir()) for folder in project.path.rglob("*") if folder.is_dir())


def test_no_trace_of_the_template_or_of_other_choices(variant: Variant, project: BakedProject) -> None:
    absent = [pattern for word, pattern in TRACES.items() if word not in words_of(variant)]
    for name in sorted(project.files):
        text = project.read(name)
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


def test_passes_its_own_checks(project: BakedProject) -> None:
    project.passes_its_own_checks()


def test_passes_mypy(project: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> None:
    project.passes("mypy", "--cache-dir", str(tmp_path_factory.getbasetemp() / "mypy"), ".")


def test_json_and_toml(variant: Variant, project: BakedProject) -> None:
    host = json.loads(project.read("host.json"))
    assert host["extensions"]["http"]["routePrefix"] == variant.route_prefix
    assert host.get("telemetryMode") == ("OpenTelemetry" if variant.observability == "opentelemetry" else None)
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    settings = json.loads(project.read("local.settings.json"))
    # No secret: names of what is used, and nothing that opens anything.
    values = settings["Values"]
    assert values.pop("PYTHON_ENABLE_INIT_INDEXING", "1") == "1"
    assert values == {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": "",
        "AzureWebJobsSecretStorageType": "files",
    }
    pyproject = tomllib.loads(project.read("pyproject.toml"))
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{variant.python_version.replace('.', '')}"
    assert pyproject["tool"]["mypy"]["python_version"] == variant.python_version


def test_the_function_is_declared(variant: Variant, project: BakedProject) -> None:
    if variant.programming_model == "v1":
        function = json.loads(project.read(f"{variant.row['function_name']}/function.json"))
        trigger, output = function["bindings"]
        assert output == {"type": "http", "direction": "out", "name": "$return"}
    else:
        code = "import function_app; f, = function_app.app.get_functions(); print(f.get_function_json())"
        result = project.python("-c", code)
        assert result.returncode == 0, result.stderr
        function = json.loads(result.stdout)
        (trigger,) = (binding for binding in function["bindings"] if binding["type"] == "httpTrigger")
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
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module or "")
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    own = {path.stem for path in paths if path.parent.name != "funcweb"} | {"funcweb"}
    own |= {path.parent.name for path in paths if path.parent.parent.name != "funcweb"}
    distributions = {
        "azure": "azure-functions",
        "azurefunctions": "azurefunctions-extensions-http-fastapi",
        "opentelemetry": "azure-monitor-opentelemetry",  # It brings the instrumentations, each in its own version.
    }
    return {distributions.get(top, top) for top in tops - own}


def requirements(project: BakedProject, name: str) -> set[str]:
    """Return the names in a requirements file."""
    lines = [line for line in project.read(name).splitlines() if not line.startswith(("-r", "#"))]
    return {Requirement(line).name for line in lines}


def test_requirements_name_what_is_imported_and_nothing_else(variant: Variant, project: BakedProject) -> None:
    sources = [path for path in project.path.rglob("*.py") if path.parent.name != "tests"]
    assert requirements(project, "requirements.txt") == imported_distributions(sources)
    tests = imported_distributions(list(project.path.rglob("*.py")))
    tools = {"mypy", "ruff"}
    server = variant.row["apps"][variant.interface]["server_requirement"]
    if server:
        tools.add(Requirement(server).name)
    assert requirements(project, "requirements-dev.txt") == tests - requirements(project, "requirements.txt") | tools


def test_azure_functions_is_split_by_python_version(project: BakedProject) -> None:
    lines = project.read("requirements.txt").splitlines()
    ranges = [Requirement(line) for line in lines if line.startswith("azure-functions")]
    for python, wanted in (("3.11", "1.26.0"), ("3.12", "1.26.0"), ("3.13", "2.3.0"), ("3.14", "2.3.0")):
        valid = [r for r in ranges if r.marker and r.marker.evaluate({"python_version": python})]
        assert len(valid) == 1
        assert valid[0].specifier.contains(wanted)


def ask(method: str, path: str, body: str = "") -> dict[str, Any]:
    """Return a request for invoke.py, without the route prefix."""
    headers = {"content-type": "application/json"} if body else {}
    return {"method": method, "url": path, "headers": {"host": "example.org", **headers}, "body": body}


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
    if variant.framework == "fastapi":
        requests += [ask("GET", "/docs"), ask("GET", "/openapi.json")]
    for request in requests:
        request["url"] = f"https://example.org{variant.root_path}{request['url']}"
    result = run_python(
        Path(__file__).with_name("invoke.py"),
        project.path,
        variant.programming_model,
        cwd=tmp_path,
        input=json.dumps(requests),
    )
    assert result.returncode == 0, result.stderr
    replies = iter(json.loads(result.stdout))

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
    if variant.framework == "fastapi":
        docs, openapi = replies
        assert docs["status"] == 200 and f"'{variant.root_path}/openapi.json" in docs["body"]
        description = json.loads(openapi["body"])
        assert "/hello/{name}" in description["paths"]
        assert description.get("servers", [{"url": ""}]) == [{"url": variant.root_path}]
