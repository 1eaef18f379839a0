"""Adding a framework takes the steps in CONTRIBUTING.md and nothing else; they are followed here with Werkzeug."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest
from pytest_cookies.plugin import Cookies

from tests.conftest import BakedProject, Mypy, copy_template
from tests.variants import CONTEXT, FRAMEWORKS, PLAIN, TEMPLATE

APP = """\"\"\"The web app: what to do with a request stands in a map of URLs.\"\"\"

from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from . import (
    # jinja: if cookiecutter.__mode == "streaming"
    events,
    # jinja: endif
    hello,
)
from .answers import json_response


class App:
    \"\"\"A WSGI app.\"\"\"

    def __init__(self, rules: list[Rule]) -> None:
        \"\"\"Take rules whose endpoints are functions.\"\"\"
        self.url_map = Map(rules)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        \"\"\"Call the function that the map of URLs names (PEP 3333).\"\"\"
        try:
            function, values = self.url_map.bind_to_environ(environ).match()
            response = function(Request(environ), **values)
        except HTTPException as error:
            response = error
        return response(environ, start_response)


def index(request: Request) -> Response:
    \"\"\"Say what this is.\"\"\"
    return json_response({"message": "Werkzeug on Azure Functions"})


def health(request: Request) -> Response:
    \"\"\"Tell that the app is up.\"\"\"
    return json_response({"status": "ok"})


app = App(
    [
        Rule("/", endpoint=index),
        Rule("/health", endpoint=health),
        # jinja: if cookiecutter.__mode == "streaming"
        *events.rules,
        # jinja: endif
        *hello.rules,
    ]
)
"""

ANSWERS = """\"\"\"Answers.\"\"\"

import json
from typing import Any

from werkzeug import Response


def json_response(content: Any, status: int = 200) -> Response:
    \"\"\"Return JSON.\"\"\"
    return Response(json.dumps(content), status, mimetype="application/json")
"""

HELLO = """\"\"\"Greetings.\"\"\"

from werkzeug import Request, Response
from werkzeug.routing import Rule

from .answers import json_response


def greet(request: Request, name: str) -> Response:
    \"\"\"Greet the name in the path.\"\"\"
    return json_response({"message": f"Hello, {name}!"})


def greet_posted(request: Request) -> Response:
    \"\"\"Greet the name in the JSON body.\"\"\"
    posted = request.get_json(force=True, silent=True)
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return json_response({"error": "Post JSON."}, 400)
    return json_response({"message": f"Hello, {name}!"})


rules = [
    Rule("/hello", endpoint=greet_posted, methods=["POST"]),
    Rule("/hello/<name>", endpoint=greet),
]
"""

EVENTS = """\"\"\"A stream.\"\"\"

import time
from collections.abc import Iterator

from werkzeug import Request, Response
from werkzeug.routing import Rule

SECONDS_BETWEEN_EVENTS = 1.0


def events() -> Iterator[str]:
    \"\"\"Make five server-sent events.\"\"\"
    for number in range(1, 6):
        yield f"data: event {number} of 5\\n\\n"
        time.sleep(SECONDS_BETWEEN_EVENTS)


def stream(request: Request) -> Response:
    \"\"\"Stream the events.\"\"\"
    return Response(events(), mimetype="text/event-stream")


rules = [Rule("/stream", endpoint=stream)]
"""

TRACES = """\"\"\"Traces of the web app: one span for each request, named by its route.\"\"\"

from typing import Any

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.trace import Span
from werkzeug.exceptions import HTTPException

from funcweb.telemetry import TracedApp


def traced(app: Any) -> TracedApp:
    \"\"\"Return the app with a span for each request.\"\"\"

    def name_span(span: Span, environ: Any) -> None:
        try:
            rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return
        span.update_name(f"{environ['REQUEST_METHOD']} {rule.rule}")
        span.set_attribute("http.route", rule.rule)

    return TracedApp(OpenTelemetryMiddleware(app, request_hook=name_span))
"""

FILES = {
    "werkzeugapp/__init__.py": APP,
    "werkzeugapp/answers.py": ANSWERS,
    "werkzeugapp/hello.py": HELLO,
    "werkzeugapp/events.py": EVENTS,
    "funcweb/werkzeug/__init__.py": '"""What only Werkzeug needs."""\n',
    "funcweb/werkzeug/wsgi_traces.py": TRACES,
}

ROW = {
    "title": "Werkzeug",
    "package": "werkzeugapp",
    "function_name": "WerkzeugTrigger",
    "requirement": "werkzeug>=3,<4",
    "auto": "sync",
    "interfaces": {"sync": "wsgi", "streaming": "wsgi"},
    "apps": {
        "wsgi": {
            "app": "{package}:app",
            "server": "python -m funcweb.local waitress --listen=127.0.0.1:8000 {app}",
            "server_requirement": "waitress>=3,<4",
            "test_client": {
                "module": "werkzeug.test",
                "name": "Client",
                "json": "json",
                "keeps_cookies": False,
                "requirement": "",
            },
        }
    },
    "docs": "",
    "route": "/hello/<name>",
    "route_list": {"import": "", "routes": "[rule.rule for rule in app.url_map.iter_rules()]"},
    "checks": {"immutable_calls": [], "mypy_plugins": []},
    "wrappers": {},
}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template to which a framework has been added by one folder and one row."""
    copy = copy_template(tmp_path / "template")
    for name, code in FILES.items():
        path = copy / "{{cookiecutter.project_slug}}" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code, encoding="utf-8")
    context = deepcopy(CONTEXT)
    context["framework"].append("werkzeug")
    context["_frameworks"]["werkzeug"] = ROW
    context["__prompts__"]["framework"]["werkzeug"] = "Werkzeug - for those who like it small"
    (copy / "cookiecutter.json").write_text(json.dumps(context), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("programming_model", "async_mode", "observability"),
    [("v1", "auto", "opentelemetry"), ("v2", "streaming", "host")],
)
def test_the_new_framework_bakes_and_passes(
    programming_model: str, async_mode: str, observability: str, template: Path, cookies: Cookies, mypy: Mypy
) -> None:
    answers = {**PLAIN, "framework": "werkzeug", "programming_model": programming_model, "async_mode": async_mode}
    answers |= {"route_prefix": "api", "observability": observability}
    baked = cookies.bake(extra_context=answers, template=str(template))
    assert baked.exception is None
    project = BakedProject(baked.project_path)
    assert not {f"{row['package']}/__init__.py" for row in FRAMEWORKS.values()} & project.files
    project.passes_its_own_checks()
    mypy.passes(project)


def test_the_other_frameworks_do_not_notice(template: Path, cookies: Cookies) -> None:
    before = cookies.bake(extra_context=PLAIN)
    after = cookies.bake(extra_context=PLAIN, template=str(template))
    assert before.exception is None and after.exception is None
    first, second = BakedProject(before.project_path), BakedProject(after.project_path)
    assert {name: first.read(name) for name in first.files} == {name: second.read(name) for name in second.files}


def test_contributing_says_so_in_at_most_five_steps() -> None:
    contributing = (TEMPLATE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = contributing.partition("## Add a framework")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d+\. ", section, re.MULTILINE)
    assert 1 <= len(steps) <= 5
    assert "`_frameworks`" in section and "`framework`" in section and "`__prompts__`" in section
