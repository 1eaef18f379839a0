"""Logging as an app meets it under `func start`.

The worker puts a handler at level INFO on the root logger before it imports the app, so that
``logging.basicConfig`` in the app does nothing, and a handler of the app's own prints twice.
Records of the worker and of azure.functions are system logs, which the console does not show.

Each message is preceded by its invocation's id. The id is looked up as the worker does it: on the running task, which
inherits it from the task that created it; then in the runtime's context variable, which is set for sync functions; then
by thread, where only the event loop's thread is known, with the id of its latest invocation. A record without an id, or
with that of an invocation that has ended, is marked, because the host in Azure drops it (GrpcWorkerChannel.Log).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import threading
import time
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any

_running: set[str] = set()
_last_on_thread: dict[int, str] = {}

_SYSTEM = ("azure_functions_worker", "azure.functions", "uvicorn")


class _Task(asyncio.Task[Any]):
    """A task that belongs to the invocation of the task that created it."""

    def __init__(self, coroutine: Any, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(coroutine, loop=loop, **options)
        self.invocation_id: str | None = getattr(asyncio.current_task(loop), "invocation_id", None)


def _new_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **options: Any
) -> _Task:
    return _Task(coroutine, loop, **options)


@contextmanager
def invocation(invocation_id: str) -> Iterator[None]:
    """Run an invocation in the current task."""
    task = asyncio.current_task()
    assert isinstance(task, _Task)
    task.invocation_id = _last_on_thread[threading.get_ident()] = invocation_id
    _running.add(invocation_id)
    try:
        yield
    finally:
        _running.discard(invocation_id)


def _task_invocation_id() -> str | None:
    try:
        return getattr(asyncio.current_task(), "invocation_id", None)
    except RuntimeError:
        return None


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        record.invocation = getattr(record, "invocation", None) or "-"
        return super().format(record)


def _show(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or not record.name.startswith(_SYSTEM)


def attach(*, verbose: bool, ids: contextvars.ContextVar[str | None]) -> logging.Handler:
    """Add the handler to the root logger; `ids` is where the runtime keeps the id of a sync call."""
    asyncio.get_running_loop().set_task_factory(_new_task)

    def add_id(record: logging.LogRecord) -> bool:
        found = _task_invocation_id() or ids.get(None) or _last_on_thread.get(threading.get_ident())
        record.invocation = found if found is None or found in _running else f"{found} ended"
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
