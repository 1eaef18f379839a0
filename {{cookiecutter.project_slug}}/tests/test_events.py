from collections.abc import Callable
from typing import Any

import pytest

Send = Callable[..., Any]


def test_streams_five_events(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("{{ cookiecutter.__package }}.events.SECONDS_BETWEEN_EVENTS", 0)
    reply = send("GET", "/stream")
    assert reply.status == 200
    events = [line for line in reply.body.decode().splitlines() if line]
    assert events == [f"data: event {number} of 5" for number in range(1, 6)]
