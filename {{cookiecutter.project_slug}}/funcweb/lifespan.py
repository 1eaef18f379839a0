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
    """The lifespan of an app on each event loop that serves it.

    The worker has one loop. Code that cannot await may run others, on threads of its own, and what the app has opened
    on one loop is of no use on another.
    """

    def __init__(self, app: AsgiApp, state: dict[str, Any] | None = None) -> None:
        """Take the app, and the state that its startup fills, if that is not to be one for each loop."""
        self.app = app
        self.shared_state = state
        self.lifespans: dict[asyncio.AbstractEventLoop, Lifespan] = {}

    @property
    def current(self) -> "Lifespan | None":
        """The lifespan on the running loop, if it has begun."""
        return self.lifespans.get(asyncio.get_running_loop())

    def is_up(self) -> bool:
        """Tell whether the app has started, or needs no startup, on the running loop."""
        current = self.current
        return current is not None and current.up

    def state(self) -> dict[str, Any]:
        """Return a copy, for one request, of the state on the running loop, on which the app is up."""
        return self.lifespans[asyncio.get_running_loop()].state.copy()

    async def startup(self) -> bool:
        """Run the startup if it has not run on this loop, and tell whether the app can serve.

        However many requests come in at once, one startup serves them all. A failed one is tried again.
        """
        lifespan = self.current
        if lifespan is None or lifespan.failed:
            for loop in list(self.lifespans):
                if loop.is_closed():
                    self.lifespans.pop(loop, None)
            lifespan = Lifespan(self.app, {} if self.shared_state is None else self.shared_state)
            self.lifespans[lifespan.loop] = lifespan
        await lifespan.settled.wait()
        return not lifespan.failed

    async def shutdown(self) -> None:
        """Run the shutdown, if the startup has run on this loop."""
        lifespan = self.current
        if lifespan is not None:
            await lifespan.shutdown()
            self.lifespans.pop(lifespan.loop, None)


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
