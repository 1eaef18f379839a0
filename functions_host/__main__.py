"""The command line: ``functions-host PATH``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from . import __doc__ as package_doc
from . import environment
from .app import MAX_BODY, HostApp
from .current_worker import CurrentWorker
from .custom_handler import CustomHandler
from .errors import HostError
from .listeners import Listeners
from .next_worker import NextWorker
from .project import Project, apply_settings, enabled, read_project
from .routes import Route, build_routes
from .worker import Worker

_ADDRESS = "127.0.0.1"
_KEEP_ALIVE = 130  # seconds, as ASP.NET Core's server
_NO_HOMEPAGE = "AzureWebJobsDisableHomepage"
_LOOPS = ("uvloop", "asyncio")
_WORKERS: dict[str, type[Worker]] = {"current": CurrentWorker, "next": NextWorker}
_NEXT_SINCE = (3, 15)  # the Python from which on Azure runs the next worker
_GRACE = 5  # seconds that running requests have to end after a signal


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one sentence, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a number from 0 to 65535")
    return int(text)


def _one_of(kind: str, names: Iterable[str]) -> Callable[[str], str]:
    """Return what checks that an argument is one of these names."""

    def check(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind}, {' or '.join(names)}")
        return text

    return check


def default_worker(python: tuple[int, ...]) -> str:
    """Return the name of the worker that Azure runs on this version of Python."""
    return "next" if python >= _NEXT_SINCE else "current"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="functions-host",
        description=(package_doc or "").partition("\n")[0],
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="the folder of the function app, with host.json")
    parser.add_argument("--port", type=_port, default=7071, help="default: 7071; 0 takes a free one")
    parser.add_argument("--key", help="the key that callers need where the auth level is not anonymous")
    parser.add_argument(
        "--loop",
        type=_one_of("an event loop", _LOOPS),
        default="asyncio" if sys.platform == "win32" else "uvloop",
        help="the event loop of the host and of the current worker: uvloop, the default, as in Azure, or asyncio",
    )
    parser.add_argument(
        "--worker",
        type=_one_of("a worker", _WORKERS),
        help="which of Microsoft's workers calls the functions: current, or next, the one for Python 3.15 and later, "
        "whose event loop is asyncio's; default: that of the Python that runs the app",
    )
    parser.add_argument(
        "--example",
        action="append",
        default=[],
        metavar="PATH",
        help="print the URL of this path, without the route prefix, in the place of the functions' routes; repeatable",
    )
    parser.add_argument(
        "--endpoint",
        metavar="PATH",
        help="print the URL of this path too, at which clients connect that are no browsers",
    )
    parser.add_argument(
        "--no-install",
        dest="install",
        action="store_false",
        help="serve the app with the packages of this Python; never make an environment for it",
    )
    parser.add_argument("--verbose", action="store_true", help="log every call, and the worker's own records")
    return parser.parse_args(argv)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Not for a free port, nor on Windows: there it would let two servers share one.
    if port and sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        # It listens only when the app is loaded, so that nobody waits for one that never is.
        listener.bind((_ADDRESS, port))
        return listener
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        raise HostError(f"Port {port} {why}: give another one with --port.") from None


def _list_functions(worker: Worker | CustomHandler, listeners: Listeners | None, routes: list[Route], url: str) -> None:
    by_name = {route.function.name: route for route in routes}
    print("Functions:\n")
    for function in worker.functions:
        if function.name in by_name:
            methods = ",".join(function.methods) or "all methods"
            where = f"[{methods}] {url}/{by_name[function.name].template.removeprefix('/')}"
        elif listeners:
            where = listeners.describe(function)
        else:
            where = f"{function.trigger_type} (this host fires HTTP triggers only)"
        print(f"\t{function.name}: {where}\n")


class _Signals:
    """Handles SIGINT and SIGTERM while uvicorn does not.

    Before uvicorn runs, a signal ends the process at once. When uvicorn ends, it restores these
    handlers and raises the signal again, which then has done its work; any further one is ignored.
    """

    def __init__(self) -> None:
        self.served = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.served:
            raise SystemExit(128 + number)
        # Python restores the default handlers when it exits: a second Ctrl-C would kill it there.
        signal.signal(number, signal.SIG_IGN)


async def _serve(project: Project, args: argparse.Namespace, listener: socket.socket, signals: _Signals) -> bool:
    url = f"http://localhost:{listener.getsockname()[1]}"
    apply_settings(project, os.environ, url)
    worker: Worker | CustomHandler
    if project.custom_handler is None:
        worker = _WORKERS[args.worker](project, verbose=args.verbose)
    else:
        worker = CustomHandler(project, verbose=args.verbose)
    await worker.start()
    try:
        await _answer_requests(worker, project, args, listener, signals)
    finally:
        # uvicorn has raised the signal again by now, for the worker's own server if there is one.
        stopped = await worker.stop()
    return stopped


async def _end_with(handler: CustomHandler, server: uvicorn.Server) -> None:
    """End the host's server when the app's ends by itself, and raise `HostError`."""
    try:
        await handler.watch()
    except HostError:
        # A Ctrl-C reaches both of them.
        if not server.should_exit:
            server.should_exit = True
            raise


async def _answer_requests(
    worker: Worker | CustomHandler,
    project: Project,
    args: argparse.Namespace,
    listener: socket.socket,
    signals: _Signals,
) -> None:
    url = f"http://localhost:{listener.getsockname()[1]}"
    worker.functions = enabled(worker.functions, os.environ)
    if not worker.functions:
        raise HostError(
            f"{project.path} defines no function: register one on the FunctionApp in "
            "function_app.py, or add a folder with a function.json."
        )
    routes = build_routes(worker.functions, project.route_prefix)
    listeners = Listeners(worker, worker.functions) if isinstance(worker, Worker) else None
    limit = os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "")
    app = HostApp(
        worker,
        routes,
        key=args.key,
        max_body=int(limit) if limit.isdecimal() else MAX_BODY,
        homepage=os.environ.get(_NO_HOMEPAGE, "").lower() != "true",
        custom_headers=project.custom_headers,
        invocable=worker.functions if isinstance(worker, Worker) else (),
    )
    config = uvicorn.Config(
        app,
        access_log=False,
        date_header=False,  # the worker's server sends one too
        lifespan="off",
        log_config=None,
        proxy_headers=False,  # changes the client and the scheme, which the host does not read
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_KEEP_ALIVE,
        ws="none",
    )
    address = f"http://{_ADDRESS}:{listener.getsockname()[1]}"
    print(f"Runtime: {worker.description}\n")
    root = f"{address}/{project.route_prefix}".rstrip("/")
    if args.example:
        print(*(f"Open {root}{path}" for path in args.example), sep="\n", end="\n\n")
    else:
        _list_functions(worker, listeners, routes, url)
    if args.endpoint:
        print(f"Connect clients to {root}{args.endpoint}\n")
    print(f"Listening on {address}", flush=True)
    server = uvicorn.Server(config)
    signals.served = True
    watch = asyncio.create_task(_end_with(worker, server)) if isinstance(worker, CustomHandler) else None
    if listeners:
        listeners.start()
    try:
        await server.serve(sockets=[listener])
    finally:
        app.close()
        if listeners:
            await listeners.stop(_GRACE)
    if watch and watch.done():
        watch.result()


def _new_loop(name: str) -> asyncio.AbstractEventLoop:
    if name == "asyncio":
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError:
        raise HostError(
            "uvloop cannot be imported: install it, or use --loop asyncio, which the worker in Azure does not run on."
        ) from None
    return uvloop.new_event_loop()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the app until a signal; return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    args = _parse(arguments)
    # `python -m` puts the working directory first on sys.path, where its modules would hide the app's or those of
    # packages. All of this package is imported by now.
    with contextlib.suppress(ValueError):
        sys.path.remove(str(Path.cwd()))
    try:
        signals = _Signals()
        project = read_project(args.path.absolute())
        if project.custom_handler is None:
            args.worker = args.worker or default_worker(sys.version_info[:2])
        elif args.worker:
            raise HostError(f"{project.path} has a custom handler, which no worker calls: leave --worker out.")
        with _bind(args.port) as listener:
            if args.install and not environment.has_requirements(project.path):
                return environment.run_again(environment.make(project.path), arguments)
            if project.custom_handler is None and environment.lacks_azure_functions(project.path):
                print("warning: requirements.txt does not name azure-functions, which Azure needs.", file=sys.stderr)
            with asyncio.Runner(loop_factory=lambda: _new_loop(args.loop)) as runner:
                stopped = runner.run(_serve(project, args, listener, signals))
    except HostError as error:
        if error.traceback:
            print(error.traceback.rstrip(), file=sys.stderr)
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not stopped:
        print(f"error: a function did not end within {_GRACE} s; left it.", file=sys.stderr)
        _end_at_once(1)
    if args.worker == "next":
        _end_at_once(0)  # That worker never finalizes Python.
    return 0


def _end_at_once(code: int) -> NoReturn:
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
