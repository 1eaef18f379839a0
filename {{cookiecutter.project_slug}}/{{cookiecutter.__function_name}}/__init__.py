"""The Azure Function: it hands every request to the {{ cookiecutter.__framework }} app."""

import azure.functions as func

{{ cookiecutter.__imports }}

middleware = {{ cookiecutter.__make_middleware }}


{% if cookiecutter.__mode != "sync" %}async {% endif %}def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer any request under the route prefix."""
    return {{ "middleware.handle" if cookiecutter.__mode == "sync" else "await middleware.handle_async" }}(req, context)
