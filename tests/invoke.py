"""Import a function app as the worker does and invoke its function; run as a program in a fresh process.

    python invoke.py FOLDER v1|v2|custom_handler < requests.json > responses.json

For a custom handler the app's server is started, and asked as the Functions host asks it.

Requests are [{"method", "url", "headers", "body"}], responses [{"status", "headers", "body"}], bodies as text.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.functions as func


class Invocation(func.Context):
    """The context of an invocation, as the worker makes it."""

    invocation_id = "00000000-0000-0000-0000-000000000001"
    function_name = "Trigger"
    function_directory = "."
    thread_local_storage = threading.local()  # type: ignore[assignment]  # An instance, whatever the class says.
    trace_context = None  # type: ignore[assignment]
    retry_context = None  # type: ignore[assignment]


def load_v1(folder: Path) -> Callable[..., Any]:
    """Return the function of the only function.json with an HTTP trigger (programming model v1)."""
    found = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/function.json")}
    ((name, settings),) = (each for each in found.items() if each[1]["bindings"][0]["type"] == "httpTrigger")
    module = importlib.import_module(name)
    function: Callable[..., Any] = getattr(module, settings.get("entryPoint", "main"))
    return function


def load_v2(folder: Path) -> Callable[..., Any]:
    """Return the only HTTP-triggered function of the FunctionApp in function_app.py (programming model v2)."""
    functions = importlib.import_module("function_app").app.get_functions()
    (function,) = (each for each in functions if each.is_http_function())
    user_function: Callable[..., Any] = function.get_user_function()
    return user_function


def as_json(response: func.HttpResponse) -> dict[str, Any]:
    """Return a response in the form that goes to the test."""
    body = response.get_body().decode()
    return {"status": response.status_code, "headers": list(response.headers.items()), "body": body}


async def invoke(function: Callable[..., Any], request: dict[str, Any], pool: ThreadPoolExecutor) -> dict[str, Any]:
    """Await an async function on this loop, and run any other on the thread pool."""
    req = func.HttpRequest(request["method"], request["url"], headers=request["headers"], body=request["body"].encode())
    if "azurefunctions.extensions.http.fastapi" in sys.modules:
        return await stream(function, request)
    if inspect.iscoroutinefunction(function):
        return as_json(await function(req, Invocation()))
    return as_json(await asyncio.get_running_loop().run_in_executor(pool, function, req, Invocation()))


async def stream(function: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Await a function of the streaming extension, and then its response, with the scope of the worker's server."""
    import httpx2
    from azurefunctions.extensions.http.fastapi import Request

    async def server(scope: Any, receive: Any, send: Any) -> None:
        response = await function(Request(scope, receive), Invocation())
        await response(scope, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=server)) as client:
        response = await client.request(
            request["method"], request["url"], headers=request["headers"], content=request["body"]
        )
    return {"status": response.status_code, "headers": response.headers.multi_items(), "body": response.text}


def ask_server(folder: Path, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Start server.py and forward the requests to it."""
    import httpx2

    os.chdir(folder)
    sys.path.insert(0, str(folder))
    running_server = importlib.import_module("funcweb.testing.server").running_server
    responses = []
    with running_server() as server, httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        for request in requests:
            url = httpx2.URL(request["url"])
            forwarded = {"x-forwarded-for": "192.0.2.1", "x-forwarded-host": url.host, "x-forwarded-proto": url.scheme}
            headers = {name: value for name, value in request["headers"].items() if name != "host"} | forwarded
            response = client.request(
                request["method"], url.raw_path.decode(), headers=headers, content=request["body"].encode()
            )
            found = {"headers": response.headers.multi_items(), "body": response.text}
            responses.append({"status": response.status_code, **found})
    return responses


async def main(folder: Path, programming_model: str) -> None:
    """Answer the requests on standard input, one after the other, on one loop."""
    sys.path.append(str(folder))
    settings = json.loads((folder / "local.settings.json").read_text(encoding="utf-8"))
    os.environ.update(settings["Values"])
    if programming_model == "custom_handler":
        json.dump(ask_server(folder, json.load(sys.stdin)), sys.stdout)
        return
    function = {"v1": load_v1, "v2": load_v2}[programming_model](folder)
    with ThreadPoolExecutor() as pool:
        responses = [await invoke(function, request, pool) for request in json.load(sys.stdin)]
    json.dump(responses, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
