"""Logging as an app meets it under `func start`.

The worker puts a handler at level INFO on the root logger before it imports the app, so that
``logging.basicConfig`` in the app does nothing, and a handler of the app's own prints twice.
Records of the worker and of azure.functions are system logs, which the console does not show.

Each message is preceded by its invocation's id, as far as the worker knows it. A record without an id, or with that of
an invocation that has ended, is marked, because the host in Azure drops it (GrpcWorkerChannel.Log).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: The attribute of a record in which the host says which invocation its own record is about.
HOST_INVOCATION = "host_invocation"

_running: set[str] = set()

_SYSTEM = ("azure_functions_worker", "azure.functions", "uvicorn")


@contextmanager
def running(invocation_id: str) -> Iterator[None]:
    """Count an invocation as one that runs; the host accepts no other's records."""
    _running.add(invocation_id)
    try:
        yield
    finally:
        _running.discard(invocation_id)


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)


def _show(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or not record.name.startswith(_SYSTEM)


def attach(*, verbose: bool, find_id: Callable[[], str | None]) -> logging.Handler:
    """Add the handler to the root logger; `find_id` tells the id of the invocation on the thread that logs."""

    def add_id(record: logging.LogRecord) -> bool:
        found = getattr(record, HOST_INVOCATION, None)
        if found is None:
            found = find_id()
            if found is not None and found not in _running:
                found = f"{found} ended"
        record.invocation = found or "-"
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
