"""Werkzeug's suite: its test client calls the WSGI app through `run_wsgi_app`."""

from typing import Any

from ..bridge import Bridge
from . import Suite

SUITE = Suite(
    distribution="werkzeug",
    version="3.1.9",
    sha256="55ca7c70a75689be937aa27f8ff4b018f06ff4838fc73045560bf0f5a1291060",
    config="pyproject.toml",
    passing=950,
    # The development server and the reloader have no part in a function app.
    arguments=("tests", "--ignore=tests/test_serving.py", "--ignore=tests/live_apps"),
    source="src",
    needs=("cffi", "cryptography", "ephemeral-port-reserve", "pytest-timeout", "watchdog"),
)


def patch(bridge: Bridge) -> None:
    """Put the bridge before the app in the test client.

    The client looks the function up in its module; test modules keep the one they imported.
    """
    from werkzeug import test

    run = test.run_wsgi_app

    def run_bridged(app: Any, environ: dict[str, Any], buffered: bool = False) -> Any:
        # Response.force_type() calls an app with an environ that is none.
        return run(bridge.wsgi(app) if "REQUEST_METHOD" in environ else app, environ, buffered)

    test.run_wsgi_app = run_bridged
