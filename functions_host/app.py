"""The host's own ASGI app: routing, keys, limits, and the call into the worker.

Follows the order of azure-functions-host's FunctionInvocationMiddleware: the route decides which
function, then the key, then the body is read and the function called.

The host keeps ``/admin`` and ``/runtime`` for itself. Here ``/admin/host/status`` says whether it
runs, without a key as with `func start`, and a POST of ``{"input": ...}`` to ``/admin/functions/NAME``
calls a function by hand (FunctionsController.Invoke): it answers 202 and does not wait. All else there
is 404. What the real host answers there (mostly 401 without the master key) is not rebuilt.

Keys: with a key, a function of level ``function`` or ``admin`` wants it in ``x-functions-key`` or
``?code=``, the header first. There is one key for both levels (Azure's master key). With none, no
function asks for a key, as with `func start`.

The customHeaders of host.json are added to whatever answers a function's route or none, errors and
forwarded responses included, where the response does not have them (CustomHttpHeadersMiddleware).

Not added: X-Forwarded-For, X-Original-URL, X-ARR-*, X-Client-* and the other headers of the
Azure front end, which a local host does not add either.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import uuid
from collections.abc import Iterable, Mapping, MutableMapping
from email.utils import formatdate
from types import MappingProxyType
from typing import Any, Protocol

from . import convert, proxy
from .convert import Request, Response
from .messages import Message
from .project import Function
from .proxy import Receive, Send
from .routes import Route
from .triggers import NotInvocable, by_hand
from .worker import InvocationFailed

#: ScriptConstants.DefaultMaxRequestBodySize; FUNCTIONS_REQUEST_BODY_SIZE_LIMIT overrides it.
MAX_BODY = 104_857_600
STATUS_PATH = "/admin/host/status"
FUNCTIONS_PATH = "/admin/functions/"

_HOMEPAGE = b"<!doctype html><title>Functions</title><p>Your Functions app is up and running</p>"
_RESERVED = ("/admin", "/runtime")
_logger = logging.getLogger("functions_host")


class _ClientGone(Exception):
    """The client left before its request was complete."""


class Backend(Protocol):
    """What the host needs of a worker, or of a custom handler."""

    #: The server to which each request is forwarded; None where the host itself reads and answers it.
    http_uri: str | None
    description: str

    async def invoke(
        self,
        function: Function,
        data: Message,
        trace: Message,
        invocation_id: str | None = None,
        metadata: Mapping[str, Message] = MappingProxyType({}),
    ) -> Message:
        """Call a function; raise `InvocationFailed` when it failed."""

    def headers(self, invocation_id: str) -> list[tuple[bytes, bytes]]:
        """Return headers to add to a forwarded request."""


class HostApp:
    """The ASGI app that stands where the Functions host stands in Azure."""

    def __init__(
        self,
        worker: Backend,
        routes: list[Route],
        *,
        key: str | None = None,
        max_body: int = MAX_BODY,
        homepage: bool = True,
        custom_headers: Mapping[str, str] | None = None,
        invocable: Iterable[Function] = (),
    ) -> None:
        """Serve `routes` with `worker`, asking for `key` where a function's level wants one.

        The `invocable` functions can be called by hand.
        """
        self._worker = worker
        self._invocable = {function.name.lower(): function for function in invocable}
        self._calls: set[asyncio.Task[None]] = set()
        self._forwarder = proxy.Forwarder(worker.http_uri) if worker.http_uri else None
        self._routes = routes
        self._key = key
        self._max_body = max_body
        self._homepage = homepage
        self._custom_headers = [
            (name.lower().encode(), value.encode()) for name, value in (custom_headers or {}).items()
        ]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "the server is set to neither lifespan nor WebSockets"
        try:
            request = convert.read_request(scope)
        except convert.BadRequest:
            await _send(send, Response(400))
            return
        response = await self._own_answer(request, receive)
        if response is None:
            found = self._find(request)
            response = self._refusal(request, found)
            if found is not None or request.path != "/":
                send = self._adding_headers(send)
        if response is None and found is not None:
            function, params = found
            if self._forwarder:
                await self._stream(self._forwarder, function, params, request, scope["client"][0], receive, send)
                return
            try:
                response = await self._call(function, params, request, receive)
            except _ClientGone:
                return
        if response is not None:
            await _send(send, response)

    def close(self) -> None:
        """Close the connections to the app's own server that were kept."""
        if self._forwarder:
            self._forwarder.close()

    def _adding_headers(self, send: Send) -> Send:
        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                sent = {name for name, _ in message["headers"]}
                added = [header for header in self._custom_headers if header[0] not in sent]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return send_with_headers

    async def _own_answer(self, request: Request, receive: Receive) -> Response | None:
        path = request.path.lower()
        if path == STATUS_PATH:
            status = {"state": "Running", "version": self._worker.description, "errors": []}
            return Response(200, [("content-type", "application/json")], json.dumps(status).encode())
        if path.startswith(FUNCTIONS_PATH) and request.method == "POST" and self._invocable:
            return await self._call_by_hand(path.removeprefix(FUNCTIONS_PATH), request, receive)
        if any(path == root or path.startswith(root + "/") for root in _RESERVED):
            return Response(404)
        return None

    async def _call_by_hand(self, name: str, request: Request, receive: Receive) -> Response:
        if not self._knows_key(request):
            return Response(401)
        try:
            content = json.loads(await self._body(request, receive))
            given = content.get("input")
            if not isinstance(given, str | None):
                raise TypeError("the input is no text")
        except (AttributeError, TypeError, ValueError):
            return Response(400)
        except _ClientGone:
            return Response(400)
        function = self._invocable.get(name)
        if function is None:
            return Response(404)
        task = asyncio.create_task(self._run_by_hand(function, given))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return Response(202)

    async def _run_by_hand(self, function: Function, given: str | None) -> None:
        try:
            event = by_hand(function, given)
            await self._worker.invoke(function, event.data, convert.new_trace(), metadata=event.metadata)
        except NotInvocable as error:
            _logger.error("Exception while executing function: Functions.%s. %s", function.name, error)
        except InvocationFailed:
            pass  # The worker has logged why.
        except Exception:
            _logger.exception("The host failed in a call of %s", function.name)

    def _find(self, request: Request) -> tuple[Function, dict[str, str]] | None:
        for route in self._routes:
            params = route.match(request.method, request.path)
            if params is not None:
                return route.function, params
        return None

    def _refusal(self, request: Request, found: tuple[Function, dict[str, str]] | None) -> Response | None:
        if found is None:
            if request.path != "/":
                return Response(404)
            # HomepageMiddleware; AzureWebJobsDisableHomepage turns it off.
            page = Response(200, [("content-type", "text/html")], _HOMEPAGE)
            return page if self._homepage else Response(204)
        if not self._has_key(request, found[0]):
            return Response(401)
        if (request.content_length or 0) > self._max_body:
            return Response(413, [("connection", "close")])
        return None

    def _has_key(self, request: Request, function: Function) -> bool:
        return function.auth_level == "anonymous" or self._knows_key(request)

    def _knows_key(self, request: Request) -> bool:
        if self._key is None:
            return True
        in_query = {name.lower(): value for name, value in request.params.items()}.get("code", "")
        given = request.headers.get("x-functions-key", in_query)
        return hmac.compare_digest(given.encode(), self._key.encode())

    async def _body(self, request: Request, receive: Receive) -> bytes:
        """Read the body. The host passes it on only where its length was given (host #4926)."""
        body = bytearray()
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise _ClientGone
            if request.content_length:
                body += event.get("body", b"")
            more = event.get("more_body", False)
        return bytes(body)

    async def _call(self, function: Function, params: dict[str, str], request: Request, receive: Receive) -> Response:
        body = await self._body(request, receive)
        data = convert.trigger_data(request, params, body)
        try:
            # A task of its own: an invocation starts in a context of its own in the worker too.
            result = await asyncio.create_task(self._worker.invoke(function, data, convert.trace_context(request)))
            return convert.read_response(function, result)
        except InvocationFailed:
            return Response(500)
        except convert.InvalidResponse as error:
            _logger.error("The response of %s cannot be sent: %s", function.name, error)
            return Response(500)
        except Exception:
            # Not the app's fault but this host's, or that of a new runtime version.
            _logger.exception("The host failed in a call of %s", function.name)
            return Response(500)

    async def _stream(
        self,
        forwarder: proxy.Forwarder,
        function: Function,
        params: dict[str, str],
        request: Request,
        peer: str,
        receive: Receive,
        send: Send,
    ) -> None:
        invocation_id = str(uuid.uuid4())
        invocation = asyncio.create_task(
            self._worker.invoke(
                function,
                convert.route_params_only(params),
                convert.trace_context(request),
                invocation_id,
            )
        )
        try:
            headers = self._worker.headers(invocation_id)
            await forwarder.forward(request, peer, invocation_id, receive, send, headers)
            await invocation
        except InvocationFailed:
            pass  # The worker's server has answered 500 and the worker has logged why.
        except proxy.Aborted as error:
            _logger.info("The request to %s was aborted: %s", function.name, error)
        except proxy.GatewayError as error:
            _logger.error("The request to %s got no response: %s", function.name, error)
            await _send(send, Response(error.status))
        finally:
            # Or it would wait for ever for a request that never came.
            invocation.cancel()
            await asyncio.gather(invocation, return_exceptions=True)


async def _send(send: Send, response: Response) -> None:
    headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in response.headers]
    own = {b"date": formatdate(usegmt=True).encode(), b"server": b"Kestrel"}
    if not response.body:
        own[b"content-length"] = b"0"
    sent = {name for name, _ in headers}
    headers += [(name, value) for name, value in own.items() if name not in sent]
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.body})
