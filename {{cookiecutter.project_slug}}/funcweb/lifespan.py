"""The startup and shutdown of an ASGI app, once for each event loop."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

LIFESPAN_VERSIONS = {"version": "3.0", "spec_version": "2.0"}

logger = logging.getLogger(__name__)


class AppLifespan:
    """The lifespan of an app, on whichever event loop serves it."""

    def __init__(self, app: AsgiApp, state: dict[str, Any]) -> None:
        """Take the app, and the state that its startup fills and each request gets a copy of."""
        self.app = app
        self.state = state
        self.current: Lifespan | None = None

    def is_up(self) -> bool:
        """Tell whether the app has started, or needs no startup, on the running loop."""
        return self.current is not None and self.current.is_up()

    async def startup(self) -> bool:
        """Run the startup if it has not run on this loop, and tell whether the app can serve.

        However many requests come in at once, one startup serves them all. A failed one is tried again.
        """
        lifespan = self.current
        if lifespan is None or lifespan.failed or lifespan.loop is not asyncio.get_running_loop():
            lifespan = self.current = Lifespan(self.app, self.state)
        await lifespan.settled.wait()
        return not lifespan.failed

    async def shutdown(self) -> None:
        """Run the shutdown, if the startup has run."""
        if self.current is not None:
            await self.current.shutdown()
            self.current = None


class Lifespan:
    """The lifespan of an app on the running event loop (ASGI, lifespan specification 2.0)."""

    def __init__(self, app: AsgiApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state
        self.loop = asyncio.get_running_loop()
        self.up = False
        self.failed = False
        self.startup_received = False
        self.settled = asyncio.Event()
        self.stopping = asyncio.Event()
        # Its own context: the lifespan outlives the request that happens to be first.
        self.task = self.loop.create_task(self.run(), context=contextvars.Context())

    def is_up(self) -> bool:
        """Tell whether the app has started, or needs no startup, on the running loop."""
        return self.up and self.loop is asyncio.get_running_loop()

    async def shutdown(self) -> None:
        """Ask the app to shut down and wait until it has."""
        self.stopping.set()
        await asyncio.wait([self.task])

    async def run(self) -> None:
        """Call the app with the lifespan scope; one that raises before its startup does not support lifespan."""
        try:
            await self.app(
                {"type": "lifespan", "asgi": LIFESPAN_VERSIONS, "state": self.state}, self.receive, self.send
            )
        except Exception:
            if self.up:
                logger.exception("The ASGI app raised an exception in its lifespan.")
        finally:
            self.up = not self.failed
            self.settled.set()

    async def receive(self) -> Message:
        """Give the startup, and the shutdown when it is asked for or when the loop ends."""
        if not self.startup_received:
            self.startup_received = True
            return {"type": "lifespan.startup"}
        try:
            await self.stopping.wait()
        except asyncio.CancelledError:
            # asyncio.run() cancels the tasks that are left and then lets them finish: time for the shutdown.
            self.task.uncancel()
            self.stopping.set()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        """Take the app's answer to startup or shutdown.

        Raises:
            RuntimeError: the message is unknown.
        """
        match message["type"]:
            case "lifespan.startup.complete":
                self.up = True
                self.settled.set()
            case "lifespan.startup.failed":
                self.failed = True
                logger.error("The ASGI app failed to start: %s", message.get("message") or "it gave no reason")
                self.settled.set()
            case "lifespan.shutdown.complete":
                pass
            case "lifespan.shutdown.failed":
                logger.error("The ASGI app failed to shut down: %s", message.get("message") or "it gave no reason")
            case kind:
                raise RuntimeError(f"The ASGI app sent {kind!r} where a lifespan message is due.")
