"""Defects of what is there for Django."""

from __future__ import annotations

from ..calls import in_a_process
from ..defect import Side, defect


@defect(
    "opentelemetry-instrumentation-django",
    "Django with OpenTelemetry, which the worker sets up before the app is imported",
    stock="Django gets empty settings, and the site's are never read",
    here="that instrumentation is off (an app setting); `funcweb/` makes the spans",
    seen=("empty", "not read yet"),
    goes=["local.settings.example.json::OTEL_PYTHON_DJANGO_INSTRUMENT", "funcweb/django/__init__.py"],
    upstream=["open-telemetry/opentelemetry-python-contrib#1707", "open-telemetry/opentelemetry-python-contrib#2023"],
)
def django_settings(side: Side) -> object:
    return in_a_process(**{"OTEL_PYTHON_DJANGO_INSTRUMENT": "False"} if side.ours else {})["settings"]
