"""Traces of an app that streams: the worker's own server makes none, so that each request has one span."""

from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor


def leave_server_untraced() -> None:
    """Exclude what the worker's server answers from traces.

    That server is a web app of its own, made once this function app has been imported. It would be instrumented too,
    and make another span of every request, named `GET /{path:path}`.
    """
    instrumentor = FastAPIInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
        instrumentor.instrument(excluded_urls=".*")
