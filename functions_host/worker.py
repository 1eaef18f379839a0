"""Microsoft's worker, run in this process: what is the same however it calls functions.

azure-functions-runtime (v2 programming model) and azure-functions-runtime-v1 are the libraries
that Azure's Python worker has been built on since Python 3.13. They are called with the messages that the
host would send; the order of calls and the fields are those of their ``handle_event`` modules. They promise
no compatibility, so pyproject.toml pins them, and tests/host/test_seam.py tells what a new version changes.

Like the worker, it makes the app's folder the working directory, attaches the root log handler before the app is
imported, and lets an invocation finish when its client has gone. Only a streaming invocation is cancelled, see `proxy`.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import json
import logging
import os
import sys
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar
from urllib.parse import urlsplit

from . import logs
from .errors import HostError
from .messages import DATA_TYPES, DIRECTIONS, BindingInfo, Message, Protos, StatusResult
from .project import Function, Project, read_function_json

#: What is used of a runtime package.
USED = (
    "function_load_request",
    "functions_metadata_request",
    "invocation_id_cv",
    "invocation_request",
    "start_threadpool_executor",
    "stop_threadpool_executor",
    "worker_init_request",
)

_HOST = "127.0.0.1"
_SERVER_TIMEOUT = 10.0
_POLL = 0.02
_logger = logging.getLogger("functions_host")


def runtime_names(is_v2: bool) -> tuple[str, str]:
    """Return the distribution and the module of the runtime for a programming model."""
    name = "azure-functions-runtime" if is_v2 else "azure-functions-runtime-v1"
    return name, name.replace("-", "_")


class InvocationFailed(Exception):
    """A function raised; the client gets an empty 500. The text is the worker's message."""


class Worker(ABC):
    """The worker of one function app."""

    #: What the host prints of it at its start.
    kind: ClassVar[str]

    def __init__(self, project: Project, *, verbose: bool = False) -> None:
        """Import the runtime for the project's programming model, but not yet the app."""
        self.project = project
        self.functions: list[Function] = []
        self.http_uri: str | None = None
        self._verbose = verbose
        distribution, module = runtime_names(project.is_v2)
        try:
            self._runtime: ModuleType = importlib.import_module(module)
            runtime_version = importlib.metadata.version(distribution)
        except ImportError as error:
            raise HostError(
                f"{distribution} cannot be imported ({error}): install this host for Python 3.13 or later, and "
                "that comes with it."
            ) from None
        python = ".".join(map(str, sys.version_info[:3]))
        self.description = (
            f"{distribution} {runtime_version} (programming model {'v2' if project.is_v2 else 'v1'}"
            f"), azure-functions {importlib.metadata.version('azure-functions')}, Python {python}, {self.kind}"
        )

    @abstractmethod
    def _put_on_path(self, folder: str) -> None:
        """Let the app's modules be imported from `folder`, which is not on sys.path."""

    @abstractmethod
    def _invocation_id(self) -> str | None:
        """Return the id of the invocation in which something is logged right now, if the worker knows it."""

    @abstractmethod
    async def _call(self, name: str, **fields: Any) -> Message:
        """Send a request to the runtime and return its response."""

    @abstractmethod
    async def _invoke(self, function: Function, request: Message) -> Message:
        """Call a function with an InvocationRequest and return the InvocationResponse."""

    def _handle(self, name: str, fields: Mapping[str, Any]) -> Coroutine[Any, Any, Message]:
        """Return the coroutine in which the runtime answers a request."""
        call: Callable[[Message], Coroutine[Any, Any, Message]] = getattr(self._runtime, name)
        return call(Message(request=Message(**fields), properties={"host": _HOST, "protos": Protos}))

    async def start(self) -> None:
        """Import and index the app, load its functions, and wait for its HTTP server if any."""
        path = str(self.project.path)
        os.chdir(path)
        while path in sys.path:
            sys.path.remove(path)
        self._put_on_path(path)
        logs.attach(verbose=self._verbose, find_id=self._invocation_id)
        self._runtime.start_threadpool_executor()

        init = Message(capabilities={}, function_app_directory=path)
        response = await self._call("worker_init_request", worker_init_request=init)
        self._check(response.result, "function_app.py" if self.project.is_v2 else "the worker")
        metadata = await self._call("functions_metadata_request", functions_metadata_request=None)
        self._check(metadata.result, "the app")
        if metadata.use_default_metadata_indexing:
            self.functions = read_function_json(self.project)
        else:
            found = metadata.function_metadata_results or ()
            self.functions = [self._indexed(function) for function in found]
        for function in self.functions:
            await self._load(function)
        self.http_uri = response.capabilities.get("HttpUri")
        if self.http_uri:
            if response.capabilities.get("RequiresRouteParameters") is None:
                raise HostError("The worker serves HTTP but wants no route parameters; see proxy.")
            await self._wait_for_server(self.http_uri)

    @staticmethod
    def _indexed(function: Message) -> Function:
        return Function(
            name=function.name,
            id=function.function_id,
            directory=function.directory,
            script_file=function.script_file,
            entry_point=function.entry_point,
            bindings=tuple(json.loads(binding) for binding in function.raw_bindings),
        )

    async def _load(self, function: Function) -> None:
        bindings = {
            binding["name"]: BindingInfo(
                type=binding["type"],
                direction=DIRECTIONS[str(binding.get("direction", "in")).lower()],
                data_type=DATA_TYPES[str(binding.get("dataType", "undefined")).lower()],
            )
            for binding in function.bindings
        }
        request = Message(
            function_id=function.id,
            metadata=Message(
                name=function.name,
                directory=function.directory,
                script_file=function.script_file,
                entry_point=function.entry_point,
                bindings=bindings,
            ),
        )
        response = await self._call("function_load_request", function_load_request=request)
        self._check(response.result, Path(function.directory).name)

    @staticmethod
    def _check(result: Message, what: str) -> None:
        if result.status == StatusResult.Success:
            return
        error = result.exception
        raise HostError(f"{what} could not be loaded. {_advice(error)}", traceback=error.stack_trace)

    async def _wait_for_server(self, uri: str) -> None:
        # The extension starts its uvicorn in a task. It must set its signal handlers before the
        # host's server sets its own, or an interrupt goes to the wrong one.
        try:
            async with asyncio.timeout(_SERVER_TIMEOUT):
                while not await _answers(uri):
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise HostError(
                f"The app's own HTTP server did not answer at {uri} within {_SERVER_TIMEOUT:.0f} s; see its log above."
            ) from None

    async def invoke(
        self,
        function: Function,
        data: Message,
        trace: Message,
        invocation_id: str | None = None,
        metadata: Mapping[str, Message] = MappingProxyType({}),
    ) -> Message:
        """Call a function with the data and the metadata of its trigger, and return the worker's InvocationResponse.

        Raises `InvocationFailed` when the function, or the conversion of its result, raised.
        """
        invocation_id = invocation_id or str(uuid.uuid4())
        assert function.trigger is not None
        started = time.monotonic()
        request = Message(
            invocation_id=invocation_id,
            function_id=function.id,
            input_data=[Message(name=function.trigger["name"], data=data)],
            trigger_metadata=metadata,
            trace_context=trace,
            retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
        )
        with logs.running(invocation_id):
            response = await self._invoke(function, request)
        failed = response.result.status != StatusResult.Success
        if failed or self._verbose:
            duration = (time.monotonic() - started) * 1000
            _logger.log(
                logging.ERROR if failed else logging.INFO,
                "Executed 'Functions.%s' (%s, Duration=%.0fms)%s",
                function.name,
                "Failed" if failed else "Succeeded",
                duration,
                "\n" + response.result.exception.stack_trace if failed else "",
                extra={logs.HOST_INVOCATION: invocation_id},
            )
        if failed:
            raise InvocationFailed(response.result.exception.message)
        return response

    def headers(self, invocation_id: str) -> list[tuple[bytes, bytes]]:
        """Return what a forwarded request has beyond the headers that `proxy` writes: nothing."""
        return []

    async def stop(self, timeout: float = 1) -> bool:
        """Stop the worker; return False where a function did not end within `timeout`, in seconds."""
        # Not a thread of the loop's: closing the loop would wait for it without end.
        pool = threading.Thread(target=self._runtime.stop_threadpool_executor)
        pool.start()
        deadline = time.monotonic() + timeout
        while pool.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(_POLL)
        return not pool.is_alive()


async def _answers(uri: str) -> bool:
    parts = urlsplit(uri)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return False
    writer.close()
    return True


def _advice(error: Message) -> str:
    """Say in one sentence what to do about an app that does not load."""
    message = str(error.message)
    if "Can't patch loop" in message:
        return (
            "nest_asyncio cannot work on uvloop, which the worker runs on: remove nest_asyncio "
            "from the app, or try it with --loop asyncio."
        )
    if "signal only works in main thread" in message:
        return (
            "The next worker imports the app on a thread that is not the main one, where no signal can be handled: "
            "leave the handler out."
        )
    if message.startswith("ModuleNotFoundError"):
        return (
            "List the missing module in requirements.txt; with --no-install, install it where this host is installed."
        )
    if "do not match the corresponding function parameter" in message and "HttpReq" in message:
        return (
            "The app imports the HTTP streaming extension, which changes the request of every "
            "function in it: take its Request in all of them, or drop the import."
        )
    if "Could not find top level function app" in message:
        return "Give function_app.py a variable that holds a FunctionApp, such as `app`."
    return "Correct the error that the last line of the traceback above names."
