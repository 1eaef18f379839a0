"""Starlette's suite: its TestClient has a transport that calls the ASGI app."""

from typing import Any

from ..bridge import Bridge
from . import Suite

SUITE = Suite(
    distribution="starlette",
    version="1.10.0",
    sha256="b8399098d4c1e3522734f7235dc79b1fc967f96cf139c81e0fa30479e0685f9b",
    config="pyproject.toml",
    passing=770,
    # The worker's loop is asyncio's, so the suite is not run on trio.
    arguments=("tests", "-k", "not trio"),
    needs=(
        "httpx",
        "httpx2[zstd]",
        "itsdangerous",
        "jinja2",
        "opentelemetry-sdk",
        "python-multipart",
        "pyyaml",
        "sniffio",
        "trio",
    ),
)


def patch(bridge: Bridge) -> None:
    """Put the bridge between the test client and the app that its transport calls."""
    from starlette.testclient import TestClient

    init = TestClient.__init__

    def init_bridged(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        transport = self._transport
        transport.app = bridge.asgi(transport.app, self.app_state)

    TestClient.__init__ = init_bridged  # type: ignore[method-assign]
