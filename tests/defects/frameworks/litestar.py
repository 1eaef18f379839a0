"""Defects of Litestar."""

from __future__ import annotations

import json
import logging
from typing import Any

import litestar
from litestar.logging import LoggingConfig
from litestar.openapi import OpenAPIConfig

from funcweb.litestar.prefix import with_route_prefix as litestar_prefix
from funcweb.route import ROUTE_PREFIX_SETTING

from ..calls import PREFIX, get, setting
from ..defect import Side, defect


@litestar.get("/hello", name="hello")
async def litestar_hello(request: litestar.Request[Any, Any, Any]) -> str:
    """Tell the way to itself."""
    return request.app.route_reverse("hello")


@defect(
    "litestar",
    "Litestar under a prefix: `route_reverse`, and `servers` of the OpenAPI document",
    stock="without the prefix",
    here="with it",
    seen=(["/hello", "/"], ["/api/hello", "/api"]),
    goes=["funcweb/litestar/prefix.py"],
    upstream=["litestar-org/litestar#2077"],
)
def litestar_root_path(side: Side) -> object:
    config = OpenAPIConfig("Hello", "1")  # All apps without one share one.
    with setting(ROUTE_PREFIX_SETTING, PREFIX):
        app = litestar.Litestar([litestar_hello], openapi_config=config, logging_config=None)
        app = side.mend(app, litestar_prefix)
        document = json.loads(get(app, "/api/schema/openapi.json")[1])
        return [get(app, "/api/hello")[1], document["servers"][0]["url"]]


@defect(
    "litestar",
    "Litestar's default logging",
    stock="replaces the handlers of the root logger, one of which takes the log to Azure",
    here="leaves them",
    seen=(False, True),
    goes=["litestarapp/__init__.py"],
    upstream=["litestar-org/litestar#2862"],
)
def litestar_logging(side: Side) -> object:
    config = LoggingConfig()
    if side.ours:
        from litestarapp import app  # As it makes an app when it is imported.

        assert isinstance(app.logging_config, LoggingConfig)
        config = app.logging_config
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    workers = logging.NullHandler()
    root.addHandler(workers)
    try:
        litestar.Litestar([], logging_config=config)
        return workers in root.handlers
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
