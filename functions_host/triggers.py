"""What a function gets that is not called over HTTP: the trigger's data and its metadata, as the host sends them.

The forms are those of azure-functions-host (GrpcMessageConversionExtensions.ToRpc) for what the queue and timer
extensions bind: text is a string, numbers and times are JSON. The conversion into func.QueueMessage and
func.TimerRequest is left to the runtime packages.

A function that is called by hand gets its `input` in the place of the message. What the real host makes up for the
message's id and count then is not known; here the id is new and the count 1.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .messages import Message
from .project import Function
from .storage import QueueMessage


class NotInvocable(Exception):
    """A function that cannot be called by hand; the text says why."""


@dataclass(frozen=True)
class Event:
    """What fires a function: the data of its trigger, and what is known of them."""

    data: Message
    metadata: dict[str, Message] = field(default_factory=dict)


def _as_json(value: Any) -> Message:
    return Message(json=json.dumps(value))


def _content(function: Function, body: bytes) -> Message:
    """Return a body in the form of the binding's dataType.

    Raises UnicodeDecodeError where that is text, and the body is none.
    """
    if str((function.trigger or {}).get("dataType", "")).lower() == "binary":
        return Message(bytes=body)
    return Message(string=body.decode())


def queue_event(function: Function, message: QueueMessage, body: bytes) -> Event:
    """Return the event of a message in a queue; raise UnicodeDecodeError for a body that is to be text, and is none."""
    data = _content(function, body)
    metadata = {
        "Id": Message(string=message.id),
        "PopReceipt": Message(string=message.pop_receipt),
        "DequeueCount": _as_json(message.dequeue_count),
        "InsertionTime": _as_json(message.inserted),
        "ExpirationTime": _as_json(message.expires),
        "NextVisibleTime": _as_json(message.next_visible),
        "QueueTrigger": Message(string=body.decode(errors="replace")),
    }
    return Event(data, metadata)


def timer_event(last: datetime | None, following: datetime) -> Event:
    """Return the event of a timer that last fired then, and fires next then."""

    def text(time: datetime | None) -> str:
        return time.isoformat() if time else "0001-01-01T00:00:00"

    status = {"Last": text(last), "Next": text(following), "LastUpdated": text(last)}
    return Event(_as_json({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}))


def by_hand(function: Function, given: str | None) -> Event:
    """Return the event of a call by hand, with its `input`.

    Raises `NotInvocable` for a function that is called over HTTP, which the real host accepts and then fails to call.
    """
    kind = function.trigger_type.lower()
    if kind == "httptrigger":
        raise NotInvocable("An HttpRequest is required: call the function at its route.")
    if kind == "timertrigger":
        now = datetime.now(UTC)
        return timer_event(None, now)
    if kind == "queuetrigger":
        now = datetime.now(UTC)
        times = {"inserted": now, "expires": now + timedelta(days=7), "next_visible": now}
        message = QueueMessage(
            id=str(uuid.uuid4()),
            text=given or "",
            pop_receipt="",
            dequeue_count=1,
            **{name: time.isoformat() for name, time in times.items()},
        )
        return queue_event(function, message, (given or "").encode())
    return Event(_content(function, (given or "").encode()))
