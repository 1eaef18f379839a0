"""The Azure Function: it hands every request to the {{ cookiecutter.__framework }} app."""

import azure.functions as func
{%- if cookiecutter.__mode == "nest_asyncio" %}
import nest_asyncio  # type: ignore[import-untyped]
{%- elif cookiecutter.__mode == "streaming" %}
from azurefunctions.extensions.http.fastapi import Request, Response  # type: ignore[import-untyped]
{%- endif %}

{% set imports = [
  "from " ~ cookiecutter.__app ~ " import app as web_app",
  "from " ~ cookiecutter.__middleware ~ "_middleware import " ~ cookiecutter.__middleware | title ~ "Middleware",
] -%}
{% set wraps_wsgi = cookiecutter.__mode == "streaming" and cookiecutter.__interface == "wsgi" -%}
{% set traces = cookiecutter.observability == "opentelemetry" -%}
{% set needs_key = cookiecutter._frameworks[cookiecutter.framework].docs and cookiecutter.auth_level != "anonymous" -%}
{{ (
  imports
  + (["from " ~ cookiecutter.__package ~ ".function_key import with_key"] if needs_key else [])
  + (["from streaming_telemetry import leave_server_untraced"] if traces and cookiecutter.__mode == "streaming" else [])
  + (["from streaming_wsgi import StreamingWsgi"] if wraps_wsgi else [])
  + (["from " ~ cookiecutter.__package ~ "." ~ cookiecutter.__interface ~ "_traces import traced"] if traces else [])
) | sort | join("\n") }}
{%- if cookiecutter.__mode == "nest_asyncio" %}

# The app calls asyncio.run or run_until_complete inside a request, which a running event loop refuses. nest_asyncio
# lets it, at a price: requests that run at once finish last-in-first-out. It cannot patch uvloop, the event loop of
# the worker from Python 3.13 on, so this project stays on Python {{ cookiecutter.python_version }} until the app awaits instead.
nest_asyncio.apply()
{%- endif %}

{% if traces and cookiecutter.__mode == "streaming" -%}
leave_server_untraced()
{% endif -%}
app = func.FunctionApp()
{% set web_app = "with_key(web_app)" if needs_key else "web_app" -%}
{% set web_app = "traced(" ~ web_app ~ ")" if traces else web_app -%}
middleware = {{ cookiecutter.__middleware | title }}Middleware({{ "StreamingWsgi(" ~ web_app ~ ", threads=200)" if wraps_wsgi else web_app }})


@app.function_name("{{ cookiecutter.__function_name }}")
@app.route(
    route="{*route}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
    auth_level="{{ cookiecutter.auth_level }}",
)
{% if cookiecutter.__mode == "streaming" -%}
async def main(req: Request, context: func.Context) -> Response:
{%- else -%}
{% if cookiecutter.__mode != "sync" %}async {% endif %}def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
{%- endif %}
    """Answer any request under the route prefix."""
    return {% if cookiecutter.__mode in ("async", "streaming") %}await middleware.handle_async{% else %}middleware.handle{% endif %}(req, context)
