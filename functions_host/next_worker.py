"""The coming Python worker, R2P2 ("Rust to Python proxy"): a Rust program that holds Python.

It stands in azure-functions-python-worker, workers/r2p2, and is the default from Python 3.15 on. Both runtime packages
have its entries, in ``native_invocation``. What is rebuilt here is what an app can tell of its Rust side (src/main.rs,
src/bridge.rs) and of the Python module between it and the runtime (bridge/bridge.py):

* The app is imported, and its async functions are awaited, on one event loop of asyncio's own, on a thread of its own.
  That is not the main thread, so the app can set no handler for a signal.
* The app's folder is put first on sys.path. (An instance that Azure specializes from a placeholder has it last.)
* Each invocation holds one of 512 threads until it ends (tokio's ``spawn_blocking``). From such a thread
  `run_invocation_sync` has the runtime's thread pool run a plain function; an async one is awaited on the loop.
* With HTTP streaming the runtime gets the same ``invocation_request`` as from today's worker.
* The invocation of a log record is that of the runtime's context variable, or else of ``context.thread_local_storage``
  on that thread. No task is asked.
* At its end it stops the loop as it stands, and Python is never finalized: no task is cancelled, no ASGI lifespan ends,
  nothing that was registered with atexit runs.
* Where a function ends with an exception that is no `Exception`, it sends no answer, and the client waits until
  the host gives up. Here the invocation fails at once, and says so.

Left out: bindings of SDK types, which take the way of HTTP streaming; the records that the worker itself logs.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import sys
import threading
import traceback
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .datums import from_datum, to_datum
from .messages import Message, StatusResult
from .project import Function, Project
from .worker import Worker, runtime_names

_T = TypeVar("_T")

#: What is used of a runtime package beyond `worker.USED`: modules, and what in them.
USED = {
    "bindings.context": ("_invocation_id_local",),
    "bindings.datumdef": ("Datum",),
    "native_invocation": ("invocation_request_native", "run_invocation_sync"),
}

#: Tokio's default for ``max_blocking_threads``, which R2P2 leaves as it is.
MOST_AT_ONCE = 512

_NEVER_ANSWERED = "The next worker sends no answer for this: the client waits until the host gives up."


class NextWorker(Worker):
    """The worker that Azure is to run from Python 3.15 on."""

    kind = "the next worker (R2P2)"

    def __init__(self, project: Project, *, verbose: bool = False) -> None:
        """Import the runtime for the project's programming model, but not yet the app; start the loop."""
        super().__init__(project, verbose=verbose)
        found: dict[str, Any] = {}
        for module, names in USED.items():
            imported = importlib.import_module(f"{runtime_names(project.is_v2)[1]}.{module}")
            found.update({name: getattr(imported, name) for name in names})
        self._run_sync = found["run_invocation_sync"]
        self._run_async = found["invocation_request_native"]
        self._datum = found["Datum"]
        self._thread_local_storage: threading.local = found["_invocation_id_local"]
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run_loop, name="bridge-asyncio", daemon=True).start()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def stop(self, timeout: float = 1) -> bool:
        """Stop the worker; return False where a plain function did not end within `timeout`, in seconds."""
        stopped = await super().stop(timeout)
        self._loop.call_soon_threadsafe(self._loop.stop)
        return stopped

    def _put_on_path(self, folder: str) -> None:
        sys.path.insert(0, folder)

    def _invocation_id(self) -> str | None:
        found: str | None = self._runtime.invocation_id_cv.get()
        return found or getattr(self._thread_local_storage, "invocation_id", None)

    async def _on_loop(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Await a coroutine on the worker's loop, in an empty context: Rust's threads keep none."""
        context = contextvars.Context()
        return await asyncio.wrap_future(context.run(asyncio.run_coroutine_threadsafe, coroutine, self._loop))

    async def _call(self, name: str, **fields: Any) -> Message:
        return await self._on_loop(self._handle(name, fields))

    async def _invoke(self, function: Function, request: Message) -> Message:
        async with self._slots:
            try:
                if self.http_uri and function.trigger_type == "httpTrigger":
                    return await self._call("invocation_request", invocation_request=request)
                return await self._invoke_native(request)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                return _failure(repr(error), f"{traceback.format_exc()}{_NEVER_ANSWERED}")  # The function raised it.

    async def _invoke_native(self, request: Message) -> Message:
        """Call a function by the entries in ``native_invocation``."""
        arguments = (
            request.invocation_id,
            request.function_id,
            [(given.name, to_datum(self._datum, given.data)) for given in request.input_data],
            {name: to_datum(self._datum, data) for name, data in request.trigger_metadata.items()},
            request.trace_context.trace_parent,
            request.trace_context.trace_state,
            request.retry_context.retry_count,
            request.retry_context.max_retry_count,
            request.retry_context.exception,
        )
        loop = asyncio.get_running_loop()
        is_plain, *result = await loop.run_in_executor(self._threads, self._run_plain, arguments)
        ok, returned, outputs, message, stack_trace = (
            result if is_plain else await self._on_loop(self._run_async(*arguments))
        )
        if not ok:
            return _failure(message, stack_trace)
        try:
            return Message(
                invocation_id=request.invocation_id,
                return_value=from_datum(returned),
                output_data=[Message(name=name, data=from_datum(datum)) for name, datum in outputs],
                result=StatusResult(status=StatusResult.Success),
            )
        except Exception as error:
            return _failure(repr(error), traceback.format_exc())

    def _run_plain(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Call a plain function; for an async one the first item of the result is False."""
        try:
            result: tuple[Any, ...] = self._run_sync(*arguments)
            return result
        except BaseException as error:
            return True, False, None, [], repr(error), f"{traceback.format_exc()}{_NEVER_ANSWERED}"


def _failure(message: str, stack_trace: str) -> Message:
    exception = Message(message=message, stack_trace=stack_trace)
    return Message(result=StatusResult(status=StatusResult.Failure, exception=exception))
