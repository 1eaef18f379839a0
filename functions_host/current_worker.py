"""The Python worker of today: a Python program with one event loop, on the main thread.

Like it, this module

* puts the app's folder last on sys.path (worker: add_script_root_to_sys_path);
* runs async functions on the main event loop and plain ones on the runtime's thread pool, whose
  threads share one context each (``run_in_executor`` does not copy it);
* looks the invocation of a log record up as the worker does: on the running task, which inherits it from the task that
  created it; then in the runtime's context variable, which is set for plain functions; then by thread, where only the
  event loop's thread is known, with its latest invocation.

Unlike in Azure, host and worker share a process and an event loop. A handler that blocks the loop
blocks the host too, where in Azure it would still answer /admin or 404.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine, Generator
from typing import Any

from .messages import Message
from .project import Function, Project
from .worker import Worker


class CurrentWorker(Worker):
    """The worker that Azure runs up to Python 3.14."""

    kind = "the current worker"

    def __init__(self, project: Project, *, verbose: bool = False) -> None:
        """Import the runtime for the project's programming model, but not yet the app."""
        super().__init__(project, verbose=verbose)
        self._servers: set[asyncio.Task[Any]] = set()
        self._last_on_thread: dict[int, str] = {}

    async def start(self) -> None:
        """Import and index the app, load its functions, and wait for its HTTP server if any."""
        asyncio.get_running_loop().set_task_factory(_new_task)
        tasks = asyncio.all_tasks()
        await super().start()
        if self.http_uri:
            self._servers = asyncio.all_tasks() - tasks

    async def stop(self, timeout: float = 1) -> bool:
        """Stop the worker; return False where a plain function did not end within `timeout`, in seconds."""
        if self._servers:
            # The signal that ended the host has reached the worker's server as well.
            await asyncio.wait(self._servers, timeout=timeout)
        return await super().stop(timeout)

    def _put_on_path(self, folder: str) -> None:
        sys.path.append(folder)

    def _invocation_id(self) -> str | None:
        found: str | None = _task_invocation_id() or self._runtime.invocation_id_cv.get(None)
        return found or self._last_on_thread.get(threading.get_ident())

    async def _call(self, name: str, **fields: Any) -> Message:
        return await self._handle(name, fields)

    async def _invoke(self, function: Function, request: Message) -> Message:
        task = asyncio.current_task()
        assert isinstance(task, _Task)
        task.invocation_id = self._last_on_thread[threading.get_ident()] = request.invocation_id
        return await self._call("invocation_request", invocation_request=request)


class _Task(asyncio.Task[Any]):
    """A task that belongs to the invocation of the task that created it."""

    def __init__(self, coroutine: Any, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(coroutine, loop=loop, **options)
        self.invocation_id: str | None = getattr(asyncio.current_task(loop), "invocation_id", None)


def _new_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **options: Any
) -> _Task:
    return _Task(coroutine, loop, **options)


def _task_invocation_id() -> str | None:
    try:
        return getattr(asyncio.current_task(), "invocation_id", None)
    except RuntimeError:
        return None
