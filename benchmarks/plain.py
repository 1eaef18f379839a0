"""The plainest adapters that azure-functions' public names allow: what is left of the time when nothing is checked.

Each makes an environ or a scope of a request and an HttpResponse of the answer. It knows no route prefix, proxy, trace
context, escaped cookie, repeated header, error or lifespan.
"""

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

import azure.functions as func

KEYS: dict[str, str] = {}


def split(url: str) -> tuple[str, str, str]:
    """Return host, path and query of an https URL."""
    address, _, query = url.partition("?")
    end = address.find("/", 8)
    return address[8:end], address[end:], query


def invocation(context: func.Context) -> dict[str, Any]:
    """Return what the stock middlewares tell the app of the invocation."""
    return {
        "azure_functions.function_directory": context.function_directory,
        "azure_functions.function_name": context.function_name,
        "azure_functions.invocation_id": context.invocation_id,
        "azure_functions.thread_local_storage": context.thread_local_storage,
        "azure_functions.trace_context": context.trace_context,
        "azure_functions.retry_context": context.retry_context,
    }


class PlainWsgi:
    """Calls a WSGI app."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    def handle(self, req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        """Answer a request."""
        headers = req.headers
        host, path, query = split(req.url)
        environ = {
            "REQUEST_METHOD": req.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(req.get_body()),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **invocation(context),
        }
        for name in headers:
            environ[KEYS.get(name) or KEYS.setdefault(name, "HTTP_" + name.upper().replace("-", "_"))] = headers[name]
        answer: list[Any] = []
        body = b"".join(self.app(environ, lambda status, fields: answer.extend((status, fields))))
        response = func.HttpResponse(body, status_code=int(answer[0][:3]))
        add = response.headers.add
        for name, value in answer[1]:
            add(name, value)
        return response


class PlainAsgi:
    """Calls an ASGI app."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    async def handle_async(self, req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        """Answer a request."""
        headers = req.headers
        host, path, query = split(req.url)
        body = req.get_body()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": req.method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), headers[name].encode()) for name in headers],
            "client": None,
            "server": (host, 443),
            **invocation(context),
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        start, *parts = messages
        response = func.HttpResponse(b"".join([part["body"] for part in parts]), status_code=start["status"])
        add = response.headers.add
        for name, value in start["headers"]:
            add(name.decode("latin-1"), value.decode("latin-1"))
        return response
