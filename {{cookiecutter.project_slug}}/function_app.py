"""The Azure Function: it hands every request to the {{ cookiecutter.__framework }} app."""

import azure.functions as func
{%- if cookiecutter.__mode == "streaming" %}
from azurefunctions.extensions.http.fastapi import Request, Response
{%- endif %}

{{ cookiecutter.__imports }}

app = func.FunctionApp()
{%- if cookiecutter.jobs != "none" %}
app.register_functions(bp)
{%- endif %}
middleware = {{ cookiecutter.__make_middleware }}


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
    return {{ "middleware.handle" if cookiecutter.__mode == "sync" else "await middleware.handle_async" }}(req, context)
