"""Forwarding: the host hands the request to a server of the app's and its response to the client.

An app that imports azurefunctions-extensions-http-fastapi, for HTTP streaming, makes the worker start a uvicorn
of its own and say so with the capability HttpUri. The host then sends the invocation with the route
parameters only, and the request itself over HTTP, with the invocation's id as a header, by which
the worker brings the two together (azure_functions_runtime.http_v2; host: DefaultHttpProxyService).

Chunks are passed on as they arrive, both ways at once: h11 is used directly because an HTTP client
reads the response only when it has sent the whole request. When the client goes, the connection to
the app's server is closed, so that the app sees a disconnect.

The forwarder is YARP with its default transforms (ScriptInvocationRequestTransformer): the Host is that
of the app's server, and X-Forwarded-For, -Host and -Proto say, over what the client wrote there, who
spoke to the host, and how. In Azure that is the platform's front end. A client's x-ms-invocation-id is dropped, as by
hosts from 4.1041 on; with an older one such a request waits for ever (azure-functions-host #10934).

What cannot be forwarded is answered by the forwarder's rules: a server that refuses the connection is asked again for
about two seconds (RetryProxyHandler); where no response comes, the client gets 502, or 504 when nothing has moved in
either direction for 240 s (DefaultHttpProxyService). A response that has begun is broken off.

A connection is kept for the next request, as .NET's client does, unless that has a body, which could not be sent again
where the app's server has closed the connection in the meantime. It is not kept after a response without a body: where
there must be none, some servers send one all the same, as waitress does where Django answers a HEAD request.

Left out: the forwarder's own traceparent header, and the size limit of a chunked upload.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import h11

from .convert import Request

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

INVOCATION_HEADER = b"x-ms-invocation-id"

# Headers about one connection, not the message (RFC 9110, 7.6.1).
_HOP_BY_HOP = {
    b"connection",
    b"expect",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
# What the host writes itself, whatever the client sent.
_OWN = {
    INVOCATION_HEADER,
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
}
_READ_SIZE = 65536
_IDLE_LIMIT = 240.0  # seconds
_KEPT_FOR = 60.0  # seconds, PooledConnectionIdleTimeout of SocketsHttpHandler
_MOST_KEPT = 32  # uploads make connections, and take none
_RETRY_DELAYS = (0.05, 0.1, 0.2, *[0.25] * 6)  # seconds


class Aborted(Exception):
    """The client has gone, or the response was broken off after its beginning."""


class GatewayError(Exception):
    """There was no response; `status` is what the client gets in its place."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status, and say why."""
        super().__init__(message)
        self.status = status


class _ClosedMeanwhile(Exception):
    """The app's server had closed a connection that was kept, and has not answered the request."""


def _end_to_end(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {
        token.strip().lower() for name, value in fields if name.lower() == b"connection" for token in value.split(b",")
    }
    return [(n, v) for n, v in fields if n.lower() not in _HOP_BY_HOP | named]


class _Upstream:
    """One connection to the app's server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._last_activity = time.monotonic()
        self.was_kept = False
        self.has_received = False
        self.has_body = False
        self.responded = False

    def is_usable(self) -> bool:
        """Tell whether the app's server has kept the connection open, and it is not too old."""
        gone = self._writer.is_closing() or self._reader.at_eof()
        return not gone and time.monotonic() < self._last_activity + _KEPT_FOR

    def can_be_kept(self) -> bool:
        """Tell whether both sides have said all, and no more, and stay; then get ready for another request."""
        are_done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not are_done or not self.has_body or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        self.was_kept = True
        self.has_received = self.has_body = self.responded = False
        return True

    def close(self) -> None:
        self._writer.close()

    async def send(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()
        self._last_activity = time.monotonic()

    async def wait_for_one_of(self, tasks: Collection[asyncio.Future[None]]) -> None:
        """Wait until one of these tasks is done; raise TimeoutError when nothing moves for too long."""
        done = None
        while not done:
            left = self._last_activity + _IDLE_LIMIT - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"nothing was sent or received for {_IDLE_LIMIT:g} s")
            done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def next_event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                if isinstance(event, h11.Event):
                    return event
                raise ConnectionError("the app's server paused the connection")
            data = await self._reader.read(_READ_SIZE)
            self.has_received = self.has_received or bool(data)
            self._http.receive_data(data)
            self._last_activity = time.monotonic()


async def _send_request(upstream: _Upstream, request: h11.Request, has_body: bool, receive: Receive) -> None:
    """Send the request as it comes in, and then wait for the client to go."""
    await upstream.send(request)
    more = has_body
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Aborted("the client has gone")
        if event.get("body"):
            await upstream.send(h11.Data(data=event["body"]))
        more = event.get("more_body", False)
    await upstream.send(h11.EndOfMessage())
    while (await receive())["type"] != "http.disconnect":
        pass
    raise Aborted("the client has gone")


async def _send_response(upstream: _Upstream, send: Send) -> None:
    """Pass the response on, each piece when it comes."""
    while True:
        event = await upstream.next_event()
        if isinstance(event, h11.Response):
            headers = _end_to_end(list(event.headers.raw_items()))
            upstream.responded = True
            start = {"type": "http.response.start", "status": event.status_code}
            await send(start | {"headers": [(name.lower(), value) for name, value in headers]})
        elif isinstance(event, h11.Data):
            body = bytes(event.data)
            upstream.has_body = True
            await send({"type": "http.response.body", "body": body, "more_body": True})
        elif isinstance(event, h11.EndOfMessage):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionError("the app's server closed the connection")


async def _connect(host: str | None, port: int | None) -> _Upstream:
    for delay in _RETRY_DELAYS:
        with contextlib.suppress(OSError):
            return _Upstream(*await asyncio.open_connection(host, port))
        await asyncio.sleep(delay)
    try:
        return _Upstream(*await asyncio.open_connection(host, port))
    except OSError as error:
        raise GatewayError(502, str(error)) from error


class Forwarder:
    """Forwards requests to the server at `uri`, and keeps its connections to that, on one event loop."""

    def __init__(self, uri: str) -> None:
        """Take the address, as `http://127.0.0.1:5000`."""
        parts = urlsplit(uri)
        self._host, self._port, self._netloc = parts.hostname, parts.port, parts.netloc
        self._idle: list[_Upstream] = []

    async def forward(
        self,
        request: Request,
        peer: str,
        invocation_id: str,
        receive: Receive,
        send: Send,
        more_headers: Collection[tuple[bytes, bytes]] = (),
    ) -> None:
        """Forward a request from the address `peer` and the response to the client.

        The request gets `more_headers` in the place of those of the same names. Raises `GatewayError` when no response
        begins, and `Aborted` when either side goes before the response is complete.
        """
        own = _OWN | {name for name, _ in more_headers}
        headers = [(name, value) for name, value in _end_to_end(request.fields) if name.lower() not in own]
        headers += [
            *more_headers,
            (b"host", self._netloc.encode()),
            (b"x-forwarded-for", peer.encode()),
            (b"x-forwarded-host", request.headers.get("host", "").encode()),
            (b"x-forwarded-proto", b"http"),
            (INVOCATION_HEADER, invocation_id.encode()),
        ]
        is_chunked = request.content_length is None and "transfer-encoding" in request.headers
        if is_chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        outgoing = h11.Request(method=request.method, target=request.target, headers=headers)
        has_body = is_chunked or bool(request.content_length)
        upstream = None if has_body else self._kept()
        if upstream is not None:
            try:
                await self._exchange(upstream, outgoing, has_body, receive, send)
                return
            except _ClosedMeanwhile:
                pass
        await self._exchange(await _connect(self._host, self._port), outgoing, has_body, receive, send)

    def _kept(self) -> _Upstream | None:
        """Return the connection that was used last, if one is left."""
        while self._idle:
            upstream = self._idle.pop()
            if upstream.is_usable():
                return upstream
            upstream.close()
        return None

    async def _exchange(
        self, upstream: _Upstream, request: h11.Request, has_body: bool, receive: Receive, send: Send
    ) -> None:
        upload = asyncio.ensure_future(_send_request(upstream, request, has_body, receive))
        download = asyncio.ensure_future(_send_response(upstream, send))
        is_kept = False
        try:
            await upstream.wait_for_one_of((upload, download))
            # The upload ends only by failing: with the client gone, or with the app's server not
            # reading on. In the second case its response may be complete all the same.
            if not download.done() and isinstance(upload.exception(), OSError):
                await upstream.wait_for_one_of((download,))
            if download.done():
                download.result()
                is_kept = upstream.can_be_kept()
            else:
                upload.result()
        except (h11.ProtocolError, OSError) as error:
            if upstream.responded:
                raise Aborted(str(error)) from error
            if upstream.was_kept and not upstream.has_received and not isinstance(error, TimeoutError):
                raise _ClosedMeanwhile from error
            raise GatewayError(504 if isinstance(error, TimeoutError) else 502, str(error)) from error
        finally:
            for task in (upload, download):
                task.cancel()
            await asyncio.gather(upload, download, return_exceptions=True)
            if is_kept and len(self._idle) < _MOST_KEPT:
                self._idle.append(upstream)
            else:
                upstream.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        while self._idle:
            self._idle.pop().close()
