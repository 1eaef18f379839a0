"""The Azure Function: it hands every request to the {{ cookiecutter.__framework }} app."""

import azure.functions as func
{%- if cookiecutter.__mode == "nest_asyncio" %}
import nest_asyncio  # type: ignore[import-untyped]
{%- endif %}

{% set traces = cookiecutter.observability == "opentelemetry" -%}
{% set needs_key = cookiecutter._frameworks[cookiecutter.framework].docs and cookiecutter.auth_level != "anonymous" -%}
{% set imports = [
  "from " ~ cookiecutter.__package ~ " import app",
  "from " ~ cookiecutter.__middleware ~ "_middleware import " ~ cookiecutter.__middleware | title ~ "Middleware",
] -%}
{{ (
  imports
  + (["from " ~ cookiecutter.__package ~ ".function_key import with_key"] if needs_key else [])
  + (["from " ~ cookiecutter.__package ~ "." ~ cookiecutter.__interface ~ "_traces import traced"] if traces else [])
) | sort | join("\n") }}
{%- if cookiecutter.__mode == "nest_asyncio" %}

# The app calls asyncio.run or run_until_complete inside a request, which a running event loop refuses. nest_asyncio
# lets it, at a price: requests that run at once finish last-in-first-out. It cannot patch uvloop, the event loop of
# the worker from Python 3.13 on, so this project stays on Python {{ cookiecutter.python_version }} until the app awaits instead.
nest_asyncio.apply()
{%- endif %}

{% set web_app = "with_key(app)" if needs_key else "app" -%}
middleware = {{ cookiecutter.__middleware | title }}Middleware({{ "traced(" ~ web_app ~ ")" if traces else web_app }})


{% if cookiecutter.__mode != "sync" %}async {% endif %}def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer any request under the route prefix."""
    return {% if cookiecutter.__mode == "async" %}await middleware.handle_async{% else %}middleware.handle{% endif %}(req, context)
