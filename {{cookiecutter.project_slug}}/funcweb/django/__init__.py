"""What only Django needs."""

from typing import Any

from django.conf import settings
from opentelemetry import trace


def name_spans(app: Any) -> None:
    """Have the app name the current span by the route that Django has found.

    Raises:
        RuntimeError: the worker's instrumentation of Django has configured Django, before the site's settings could.
    """
    if not hasattr(settings, "ROOT_URLCONF"):
        raise RuntimeError("Set the app setting OTEL_PYTHON_DJANGO_INSTRUMENT to False: it hides the site's settings.")
    resolve_request = app.resolve_request

    def resolve_and_name(request: Any) -> Any:
        match = resolve_request(request)
        span = trace.get_current_span()
        span.update_name(f"{request.method} /{match.route}")
        span.set_attribute("http.route", f"/{match.route}")
        return match

    app.resolve_request = resolve_and_name
