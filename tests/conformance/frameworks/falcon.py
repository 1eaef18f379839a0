"""Falcon's suite, as far as it calls WSGI apps: `simulate_request` makes an environ for each."""

from types import SimpleNamespace
from typing import Any
from wsgiref.validate import validator

from ..bridge import Bridge
from . import Suite

SUITE = Suite(
    distribution="falcon",
    version="4.4.0",
    sha256="9f3ffbddc8baed4573295642eddb18a37eea37baba9f20c5be379c8b3d3d79e6",
    config="pyproject.toml",
    passing=3800,
    arguments=("tests", "--ignore=tests/asgi/test_asgi_servers.py", "-m", "not slow"),
    needs=("jsonschema", "msgpack", "orjson", "pyyaml", "testtools"),
)


def patch(bridge: Bridge) -> None:
    """Put the bridge between the app and the validator in which the test client wraps it.

    The app is wrapped in another one, which sees the middleware's calls.
    """
    from falcon.testing import client

    def bridged_validator(app: Any) -> Any:
        return validator(bridge.wsgi(validator(app)))

    # The client's own reference to wsgiref, which stays as it is for all others.
    client.wsgiref = SimpleNamespace(  # type: ignore[assignment, attr-defined]
        validate=SimpleNamespace(validator=bridged_validator)
    )
