"""Logging as an app meets it under `func start`.

The worker puts a handler at level INFO on the root logger before it imports the app, so that
``logging.basicConfig`` in the app does nothing, and a handler of the app's own prints twice.
Records of the worker and of azure.functions are system logs, which the console does not show.

The invocation's id goes before the message. It is carried in a context variable, so that a thread
which the app starts itself logs without one, as in the worker. A context that is copied into a
thread (asyncio.to_thread in an async function) keeps it here and would lose it there.
"""

from __future__ import annotations

import contextvars
import logging
import sys
import time

invocation_id: contextvars.ContextVar[str] = contextvars.ContextVar("host_invocation_id")

_SYSTEM = ("azure_functions_worker", "azure.functions", "uvicorn")


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        record.invocation = getattr(record, "invocation", None) or "-"
        return super().format(record)


def _show(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or not record.name.startswith(_SYSTEM)


def attach(*, verbose: bool, ids: contextvars.ContextVar[str | None]) -> logging.Handler:
    """Put the handler on the root logger; `ids` is where the runtime keeps a sync call's id."""

    def add_id(record: logging.LogRecord) -> bool:
        record.invocation = ids.get(None) or invocation_id.get("")
        return True

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _Formatter(
            "[%(asctime)s.%(msecs)03dZ] %(levelname)s [%(invocation)s] %(name)s: %(message)s",
            datefmt="%Y-%m-%dT%H:%M:%S",
        )
    )
    handler.addFilter(add_id)
    if not verbose:
        handler.addFilter(_show)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler
