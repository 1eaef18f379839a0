"""Custom handlers: the host starts the app's own server and forwards each request to it.

host.json names the program (``customHandler.description``) and turns forwarding on (``enableProxyingHttpRequest``);
the functions are folders with a function.json. As in azure-functions-host (HttpWorkerProcess,
DefaultHttpWorkerService), the server must listen on 127.0.0.1, on the port in FUNCTIONS_CUSTOMHANDLER_PORT. It is ready
when it answers ``GET /``, with whatever status, and has 30 seconds for that. `proxy` says what a request looks like
there; to that the host adds the invocation's id and its own version.

The server has the host's terminal, so its output is seen as it is, and a Ctrl-C reaches both. On SIGTERM, too, the host
lets running requests end, and then stops the server with SIGTERM. The folder of this Python comes first in the server's
PATH, so that ``python`` is the one with the app's packages.

Left out: starting a server again that has ended (the real host does so up to three times), enableForwardingHttpRequest,
functions with bindings other than an HTTP trigger and its response, customHandler.http.routes, workerDirectory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shlex
import shutil
import socket
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from . import logs
from .errors import HostError
from .messages import Message
from .project import Function, Project, read_function_json

_HOST = "127.0.0.1"
_HOST_VERSION = b"4.0"
_START_TIMEOUT = 30.0  # seconds
_STOP_TIMEOUT = 5.0  # seconds
_POLL = 0.025  # seconds
_VARIABLE = re.compile(r"%(\w+)%")
_logger = logging.getLogger("functions_host")


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port


async def _answers(port: int) -> bool:
    """Tell whether anything comes back for ``GET /``."""
    try:
        reader, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {_HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        return bool(await reader.read(1))
    except OSError:
        return False
    finally:
        writer.close()


def _command(settings: Mapping[str, Any]) -> list[str]:
    """Return the program and its arguments, in the host's order (HttpWorkerOptionsSetup)."""
    description = settings.get("description") or {}

    def expanded(name: str) -> list[str]:
        value = str(description.get(name) or "")
        return [_VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), value)] if value else []

    program = expanded("defaultExecutablePath")
    if not program:
        raise HostError(
            "host.json has a customHandler without description.defaultExecutablePath: name the program that runs the "
            "app's server there."
        )
    arguments = description.get("arguments") or []
    return [*program, *arguments, *expanded("defaultWorkerPath"), *(description.get("workerArguments") or [])]


def _check_bindings(function: Function) -> None:
    """Refuse an HTTP function that the real host would not forward (IsHttpInAndOutFunction)."""
    types = sorted(str(binding.get("type", "")).lower() for binding in function.bindings)
    if function.http_trigger and types != ["http", "httptrigger"]:
        raise HostError(
            f"The function {function.name} has the bindings {', '.join(types)}; to a custom handler this host forwards "
            "only functions with an httpTrigger and an http binding."
        )


class CustomHandler:
    """The server of one function app: what `worker.Worker` is for an app that Microsoft's worker calls."""

    def __init__(self, project: Project, *, verbose: bool = False) -> None:
        """Read what to start and which functions it serves; raise `HostError` for what cannot be served."""
        settings = project.custom_handler
        assert settings is not None
        if settings.get("enableProxyingHttpRequest") is not True:
            raise HostError(
                "host.json has a customHandler without enableProxyingHttpRequest: set it to true, which is the one way "
                "in which this host calls a custom handler."
            )
        self.project = project
        self.functions = read_function_json(project)
        for function in self.functions:
            _check_bindings(function)
        self._program, *self._arguments = _command(settings)
        self._directory = project.path / str((settings.get("description") or {}).get("workingDirectory") or "")
        self._port = int(settings.get("port") or free_port())
        self._verbose = verbose
        self._process: asyncio.subprocess.Process | None = None
        self.http_uri: str | None = f"http://{_HOST}:{self._port}"
        self.description = f"custom handler, {shlex.join([self._program, *self._arguments])}"

    async def start(self) -> None:
        """Start the server and wait until it answers; raise `HostError` where it does not."""
        logs.attach(verbose=self._verbose, find_id=lambda: None)
        environment = self._environment()
        in_project = self.project.path / self._program
        program = str(in_project) if in_project.is_file() else shutil.which(self._program, path=environment["PATH"])
        if program is None:
            raise HostError(
                f"host.json starts {self._program!r} (customHandler.description.defaultExecutablePath), which is "
                f"neither a file in {self.project.path} nor a program on the PATH."
            )
        try:
            self._process = await asyncio.create_subprocess_exec(
                program, *self._arguments, cwd=self._directory, env=environment, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            raise HostError(f"{program} cannot be started in {self._directory}: {error}.") from None
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await _answers(self._port):
                    self._check_running(f"before it answered on port {self._port}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            await self.stop()
            raise HostError(
                f"The app's server did not answer on port {self._port} of {_HOST} within {_START_TIMEOUT:g} s: let it "
                "listen on the port that FUNCTIONS_CUSTOMHANDLER_PORT names; see its output above."
            ) from None
        except BaseException:
            await self.stop()
            raise

    def _environment(self) -> dict[str, str]:
        worker_id = str(uuid.uuid4())
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "FUNCTIONS_APP_ROOT_PATH": str(self.project.path),
            "FUNCTIONS_CUSTOMHANDLER_PORT": str(self._port),
            "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": worker_id,
            "FUNCTIONS_HTTPWORKER_ID": worker_id,
            "FUNCTIONS_HTTPWORKER_PORT": str(self._port),
        }

    def _check_running(self, when: str) -> None:
        assert self._process is not None
        code = self._process.returncode
        if code is not None:
            raise HostError(f"The app's server ended with exit code {code} {when}; see its output above.")

    async def watch(self) -> None:
        """Wait for the server to end, and raise `HostError` then."""
        assert self._process is not None
        await self._process.wait()
        self._check_running("while it was to serve")

    async def invoke(
        self,
        function: Function,
        data: Message,
        trace: Message,
        invocation_id: str | None = None,
        metadata: Mapping[str, Message] = MappingProxyType({}),
    ) -> Message:
        """Do nothing: the forwarded request is the invocation."""
        return Message()

    def headers(self, invocation_id: str) -> list[tuple[bytes, bytes]]:
        """Return the headers that the host adds to a forwarded request, over those of the client."""
        return [
            (b"x-azure-functions-hostversion", _HOST_VERSION),
            (b"x-azure-functions-invocationid", invocation_id.encode()),
        ]

    async def stop(self, timeout: float = _STOP_TIMEOUT) -> bool:
        """Stop the server: ask it to end, and kill it if it has not within `timeout` seconds; return True."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), timeout)
            except TimeoutError:
                _logger.warning("The app's server did not end within %g s after SIGTERM and is killed.", timeout)
                self._process.kill()
                await self._process.wait()
        return True
