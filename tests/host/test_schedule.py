"""When a timer fires."""

from __future__ import annotations

from datetime import datetime

import pytest

from functions_host.errors import HostError
from functions_host.schedule import parse

# A Saturday.
NOW = datetime(2026, 11, 28, 12, 34, 56, 789000)


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("* * * * * *", "2026-11-28T12:34:57"),
        ("0 */5 * * * *", "2026-11-28T12:35:00"),
        ("*/20 * * * * *", "2026-11-28T12:35:00"),
        ("30 10/15 * * * *", "2026-11-28T12:40:30"),
        ("0 0 8-18/2 * * *", "2026-11-28T14:00:00"),
        ("0 30 9 * * 1-5", "2026-11-30T09:30:00"),
        ("0 30 9 * * Sun,Wed", "2026-11-29T09:30:00"),
        ("0 30 9 * * 7", "2026-11-29T09:30:00"),
        ("0 0 0 1 january *", "2027-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * Fri", "2027-08-13T00:00:00"),
        ("*/5 * * * *", "2026-11-28T12:35:00"),
        ("00:00:10", "2026-11-28T12:35:06.789000"),
        ("1.00:00:00", "2026-11-29T12:34:56.789000"),
    ],
)
def test_the_next_time(expression: str, following: str) -> None:
    assert parse(expression, "tick").after(NOW).isoformat() == following


def test_the_schedule_may_be_an_app_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY", "0 0 * * * *")
    assert parse("%EVERY%", "tick").after(NOW).isoformat() == "2026-11-28T13:00:00"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "it has 0 fields, not six"),
        ("0 60 * * * *", "'60' is no minute from 0 to 59"),
        ("0 0 0 * Mai *", "'Mai' is no month from 1 to 12"),
        ("0 0 5-4 * * *", "'5-4' ends before it begins"),
        ("0 */0 * * * *", "'0' is no step"),
        ("0 0 0 30 2 *", "no time fits it"),
        ("00:00:00", "the interval is 0"),
        ("%NO_SUCH_SETTING%", "there is no app setting NO_SUCH_SETTING"),
    ],
)
def test_a_schedule_that_cannot_be_read(expression: str, words: str) -> None:
    with pytest.raises(HostError) as caught:
        parse(expression, "tick")
    assert str(caught.value).startswith("The function tick ") and words in str(caught.value)
