"""Fires functions that no request calls: timers, and queues in a storage that answers, such as Azurite.

A queue is polled as the real host does it (Microsoft.Azure.WebJobs.Extensions.Storage.Queues: QueueListener and
QueueProcessor): as many messages at once as host.json says, and more when half of them are done. A message whose
function succeeds is deleted. One whose function fails comes again, and after the last try goes to the queue's poison
queue. An empty queue is asked less and less often. Without a storage, neither queues nor timers run, as in the real
host, which keeps its locks there. Each function can still be called by hand.

Left out: renewing the hold on a message whose function runs for longer than ten minutes, the record of when a timer
last fired (so no timer is ever past due), a timer's lock among several hosts.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import convert, schedule
from .errors import HostError
from .project import Function, Project
from .storage import Account, Queue, QueueMessage, StorageError, answers, connection_setting, read_connection
from .triggers import Event, queue_event, timer_event
from .worker import InvocationFailed, Worker

_HOLD = 600  # seconds for which a message that was taken is hidden from others
_FIRST_WAIT = 0.1  # seconds until an empty queue is asked again
_PROBE = 2.0  # seconds between two tries to reach the storage
_OVERRIDE = "AzureFunctionsJobHost__extensions__queues__"
_logger = logging.getLogger("functions_host")


@dataclass(frozen=True)
class QueueOptions:
    """extensions.queues of host.json, with the extension's defaults; times in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    max_polling_interval: float = 2.0  # one minute in Azure, two seconds on a developer's machine
    visibility_timeout: float = 0.0
    base64: bool = True


def read_options(project: Project, environ: Mapping[str, str]) -> QueueOptions:
    """Read the queues' options from host.json, over which app settings such as AzureFunctionsJobHost__... win.

    Raises `HostError` for a value that makes no sense.
    """
    given: dict[str, Any] = dict(project.queues)
    for name, value in environ.items():
        if name.lower().startswith(_OVERRIDE.lower()):
            given[name[len(_OVERRIDE) :]] = value
    values = {name.lower(): value for name, value in given.items()}

    def number(name: str, default: int, low: int, high: int) -> int:
        value = str(values.get(name.lower(), default))
        if not value.isdecimal() or not low <= int(value) <= high:
            raise HostError(f"queues.{name} in host.json is {value!r}: use a number from {low} to {high}.")
        return int(value)

    def seconds(name: str, default: float) -> float:
        value = values.get(name.lower())
        if value is None:
            return default
        try:
            hours, minutes, rest = str(value).split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(rest)
        except ValueError:
            raise HostError(f"queues.{name} in host.json is {value!r}: use a time such as '00:00:02'.") from None

    batch_size = number("batchSize", 16, 1, 32)
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=number("newBatchThreshold", batch_size // 2, 0, 1000),
        max_dequeue_count=number("maxDequeueCount", 5, 1, 1_000_000),
        max_polling_interval=seconds("maxPollingInterval", 2.0),
        visibility_timeout=seconds("visibilityTimeout", 0.0),
        base64=str(values.get("messageencoding", "base64")).lower() == "base64",
    )


class QueueListener:
    """Calls a function for each message of its queue."""

    def __init__(self, worker: Worker, function: Function, account: Account, options: QueueOptions) -> None:
        """Take whom to call, and where the messages are."""
        self._worker = worker
        self._function = function
        self._options = options
        name = schedule.resolved(str((function.trigger or {}).get("queueName") or ""), function.name)
        self._queue = Queue(account, name)
        self._poison = Queue(account, f"{name}-poison")
        self._running: set[asyncio.Task[None]] = set()
        self._reached = True

    async def run(self) -> None:
        """Poll until cancelled."""
        wait = _FIRST_WAIT
        while True:
            messages = await self._take()
            for message in messages:
                task = asyncio.create_task(self._process(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if messages:
                wait = _FIRST_WAIT
                while len(self._running) > self._options.new_batch_threshold:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(wait)
                wait = min(wait * 2, max(self._options.max_polling_interval, _FIRST_WAIT))

    async def _take(self) -> list[QueueMessage]:
        try:
            messages = await self._queue.take(self._options.batch_size, _HOLD)
        except StorageError as error:
            if self._reached:
                _logger.warning("%s waits for its queue: %s.", self._function.name, error)
            self._reached = False
            return []
        if not self._reached:
            _logger.info("%s has its queue again.", self._function.name)
        self._reached = True
        return messages

    def _body(self, message: QueueMessage) -> bytes:
        if not self._options.base64:
            return message.text.encode()
        return base64.b64decode(message.text, validate=True)

    async def _process(self, message: QueueMessage) -> None:
        name = self._function.name
        try:
            try:
                event = queue_event(self._function, message, self._body(message))
            except (binascii.Error, UnicodeDecodeError) as error:
                _logger.error("The message %s cannot be decoded: %s (messageEncoding in host.json).", message.id, error)
                await self._give_up(message)
                return
            try:
                await self._worker.invoke(self._function, event.data, convert.new_trace(), metadata=event.metadata)
            except InvocationFailed:
                await self._failed(message)
            else:
                await self._queue.delete(message)
        except StorageError as error:
            _logger.error("%s is done with the message %s, but %s.", name, message.id, error)
        except Exception:
            _logger.exception("The host failed in a call of %s", name)

    async def _failed(self, message: QueueMessage) -> None:
        options = self._options
        if message.dequeue_count < options.max_dequeue_count:
            await self._queue.release(message, int(options.visibility_timeout))
            return
        _logger.warning(
            "Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.",
            options.max_dequeue_count,
            self._poison.name,
        )
        await self._give_up(message)

    async def _give_up(self, message: QueueMessage) -> None:
        await self._poison.put(message.text)
        await self._queue.delete(message)

    async def stop(self, seconds: float) -> None:
        """Let the calls that run end, for so many seconds."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        self._queue.close()
        self._poison.close()


class TimerListener:
    """Calls a function whenever its schedule says."""

    def __init__(self, worker: Worker, function: Function, account: Account) -> None:
        """Take whom to call and where the storage is; raise `HostError` for a schedule that cannot be read."""
        self._worker = worker
        self._function = function
        self._account = account
        self._running: asyncio.Task[None] | None = None
        trigger = function.trigger or {}
        self._schedule = schedule.parse(str(trigger.get("schedule") or ""), function.name)
        self._at_once = trigger.get("runOnStartup") is True

    async def run(self) -> None:
        """Wait for the storage, and fire until cancelled."""
        warned = False
        while not await answers(self._account.blobs):
            if not warned:
                _logger.warning("%s waits for the storage at %s.", self._function.name, self._account.blobs)
            warned = True
            await asyncio.sleep(_PROBE)
        last = None
        if self._at_once:
            last = datetime.now()
            await self._fire(timer_event(None, self._schedule.after(last)))
        while True:
            now = datetime.now()
            due = self._schedule.after(max(now, last) if last else now)
            await asyncio.sleep((due - now).total_seconds())
            await self._fire(timer_event(last, self._schedule.after(due)))
            last = due

    async def _fire(self, event: Event) -> None:
        # A task of its own, so that its log records name this invocation and no other; and it ends when the host does.
        self._running = asyncio.create_task(self._call(event))
        await asyncio.shield(self._running)

    async def _call(self, event: Event) -> None:
        try:
            await self._worker.invoke(self._function, event.data, convert.new_trace())
        except InvocationFailed:
            pass  # The worker has logged why.
        except Exception:
            _logger.exception("The host failed in a call of %s", self._function.name)

    async def stop(self, seconds: float) -> None:
        """Let a call that runs end, for so many seconds."""
        if self._running:
            await asyncio.wait([self._running], timeout=seconds)


class Listeners:
    """All timers and queues of a function app."""

    def __init__(self, worker: Worker, functions: Iterable[Function]) -> None:
        """Make what fires each function; raise `HostError` for one that is declared so that it cannot be."""
        self._listeners: dict[str, QueueListener | TimerListener] = {}
        self._tasks: list[asyncio.Task[None]] = []
        options = read_options(worker.project, os.environ)
        for function in functions:
            kind = function.trigger_type.lower()
            connection = str((function.trigger or {}).get("connection") or "") if kind == "queuetrigger" else ""
            account = read_connection(connection_setting(connection, os.environ))
            if kind == "queuetrigger" and account:
                self._listeners[function.name] = QueueListener(worker, function, account, options)
            elif kind == "timertrigger" and account:
                self._listeners[function.name] = TimerListener(worker, function, account)

    def describe(self, function: Function) -> str:
        """Say what fires a function, for the listing."""
        kind, trigger = function.trigger_type, function.trigger or {}
        if function.name not in self._listeners:
            needs = ", or once AzureWebJobsStorage names a storage" if kind in ("queueTrigger", "timerTrigger") else ""
            return f"{kind} (fires by hand only: POST /admin/functions/{function.name}{needs})"
        if kind == "timerTrigger":
            return f"{kind} [{schedule.resolved(str(trigger['schedule']), function.name)}]"
        return f"{kind} [{schedule.resolved(str(trigger['queueName']), function.name)}]"

    def start(self) -> None:
        """Begin to fire."""
        self._tasks = [asyncio.create_task(listener.run()) for listener in self._listeners.values()]

    async def stop(self, seconds: float) -> None:
        """Fire no more, and let queue functions that run end, for so many seconds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(listener.stop(seconds) for listener in self._listeners.values()))
