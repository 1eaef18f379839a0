"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""

from flask import Flask

from funcweb.telemetry import TracedApp


def traced(app: Flask) -> TracedApp:
    """Return the app, to which the worker has added a span for each request."""
    return TracedApp(app)
