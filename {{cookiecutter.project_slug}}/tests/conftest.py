"""Two ways to reach the app: directly, and through the Azure Function."""
{% if cookiecutter.__mode != "sync" %}
import asyncio
{%- endif %}
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
{%- if cookiecutter.__mode != "streaming" %}
from urllib.parse import quote
{%- endif %}

{% if cookiecutter.__mode != "streaming" -%}
import azure.functions as func
{% endif -%}
{% if cookiecutter.__middleware != "wsgi" -%}
import httpx2
{% endif -%}
import pytest
{%- if cookiecutter.__mode == "streaming" %}
from azurefunctions.extensions.http.fastapi import Request
{%- endif %}
{%- if cookiecutter.__interface == "wsgi" %}
from werkzeug.test import Client
{%- endif %}

{{ [
  "from " ~ cookiecutter.__package ~ " import app",
  "from " ~ ("function_app" if cookiecutter.programming_model == "v2" else cookiecutter.__function_name) ~ " import main",
  "from funcweb.route import as_root_path, route_prefix",
] | sort | join("\n") }}
{%- if cookiecutter.programming_model == "v2" %}

# The decorators of programming model v2 wrap the function; this is the function itself.
handler = main.build().get_user_function()
{%- endif %}


class Reply(NamedTuple):
    """The status and body that came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Send = Callable[..., Reply]


def send_to_app(method: str, path: str, body: bytes = b"") -> Reply:
    """Send a request straight to the app."""
{%- if cookiecutter.__interface == "wsgi" %}
    response = Client(app).open(path, method=method, data=body, content_type="application/json")
    return Reply(response.status_code, response.get_data())
{%- else %}
    return send_to_asgi(app, method, path, body)
{%- endif %}

{% if cookiecutter.__middleware != "wsgi" %}
def send_to_asgi(asgi_app: Any, method: str, path: str, body: bytes) -> Reply:
    """Send a request to an ASGI app, which each framework types in its own way."""

    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=asgi_app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, content=body, headers={"content-type": "application/json"})

    response = asyncio.run(send())
    return Reply(response.status_code, response.content)

{% endif %}
def send_to_function(method: str, path: str, body: bytes = b"") -> Reply:
{%- if cookiecutter.__mode == "streaming" %}
    """Send a request to the function, and let the app answer it as the worker's server does."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        no_context: Any = None
        response = await handler(Request(scope, receive), no_context)
        await response(scope, receive, send)

    return send_to_asgi(server, method, as_root_path(route_prefix()) + path, body)
{%- else %}
    """Send a request to the function, as the worker does, but without an invocation context."""
    url = f"http://localhost{as_root_path(route_prefix())}{quote(path, safe='/?=&%')}"
    no_context: Any = None
    request = func.HttpRequest(method, url, headers={"content-type": "application/json"}, body=body)
    response: func.HttpResponse = {% if cookiecutter.__mode != "sync" %}asyncio.run({% endif %}{{ "main" if cookiecutter.programming_model == "v1" else "handler" }}(request, no_context){% if cookiecutter.__mode != "sync" %}){% endif %}
    return Reply(response.status_code, response.get_body())
{%- endif %}


def pytest_report_header() -> list[str]:
    """Say so where the tests run on another Python than the app does in Azure, which `.python-version` names."""
    file = Path(__file__).parents[1] / ".python-version"
    running = "{}.{}".format(*sys.version_info)
    wanted = file.read_text(encoding="utf-8").strip() if file.exists() else running
    if wanted.split(".")[:2] == running.split("."):
        return []
    return [f"This is Python {running}, but in Azure the app runs on Python {wanted} (.python-version)."]


@pytest.fixture(params=[send_to_app, send_to_function])
def send(request: pytest.FixtureRequest) -> Send:
    """Send a request by either way: send(method, path, body=b"")."""
    chosen: Send = request.param
    return chosen
