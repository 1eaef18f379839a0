"""When a timer fires: NCRONTAB expressions of six fields, and intervals.

The fields are second, minute, hour, day, month and day of the week (0 and 7 are Sunday), each a list of `*`, numbers or
names, ranges, and steps: https://github.com/atifaziz/NCrontab/wiki/Crontab-Expression. A day must fit both the day of
the month and that of the week. Times are those of this machine, as with `func start`. In Azure they are UTC.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import HostError

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Name, least and greatest number, and the names of numbers, from the least on.
_FIELDS: tuple[tuple[str, int, int, Sequence[str]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_INTERVAL = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})")
_SETTING = re.compile(r"%([^%]+)%")
_YEARS = 9  # within which 29 February comes, also around a year such as 2100


def resolved(text: str, function: str) -> str:
    """Return a binding's text with app settings in the place of their names in %.

    Raises `HostError` where there is no such setting.
    """

    def setting(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if not value:
            raise HostError(
                f"The function {function} is bound to '%{found[1]}%', but there is no app setting {found[1]}: set it "
                "in local.settings.json."
            )
        return value

    return _SETTING.sub(setting, text)


@dataclass(frozen=True)
class Interval:
    """A timer that fires again after the same time."""

    every: timedelta

    def after(self, time: datetime) -> datetime:
        """Return when it fires next."""
        return time + self.every


@dataclass(frozen=True)
class Crontab:
    """A timer that fires at all times that fit."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, time: datetime) -> datetime:
        """Return the first time after that one that fits; raise ValueError where none does, such as 30 February."""
        time = time.replace(microsecond=0) + timedelta(seconds=1)
        end = time.year + _YEARS
        while time.year < end:
            if time.month not in self.months or time.day not in self.days or time.isoweekday() % 7 not in self.weekdays:
                time = time.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif time.hour not in self.hours:
                time = time.replace(minute=0, second=0) + timedelta(hours=1)
            elif time.minute not in self.minutes:
                time = time.replace(second=0) + timedelta(minutes=1)
            elif time.second not in self.seconds:
                time += timedelta(seconds=1)
            else:
                return time
        raise ValueError("no time fits it")


def _field(text: str, name: str, low: int, high: int, names: Sequence[str]) -> frozenset[int]:
    """Return the numbers that a field means; raise ValueError where it means none."""

    def number(value: str) -> int:
        name_of_it = value[:3].lower()
        found = names.index(name_of_it) + low if name_of_it in names else int(value) if value.isdecimal() else -1
        if not low <= found <= high:
            raise ValueError(f"{value!r} is no {name} from {low} to {high}")
        return found

    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and (not step.isdecimal() or int(step) == 0):
            raise ValueError(f"{step!r} is no step")
        first, _, last = span.partition("-")
        start, stop = (low, high) if span == "*" else (number(first), number(last or first))
        if step and not last and span != "*":
            stop = high
        if start > stop:
            raise ValueError(f"{span!r} ends before it begins")
        numbers.update(range(start, stop + 1, int(step or 1)))
    return frozenset(n % 7 for n in numbers) if high == 7 else frozenset(numbers)


def parse(text: str, function: str) -> Crontab | Interval:
    """Read a timer's schedule; raise `HostError` where it cannot be read."""
    expression = resolved(text, function).strip()
    interval = _INTERVAL.fullmatch(expression)
    try:
        if interval:
            days, hours, minutes, seconds = (int(group or 0) for group in interval.groups())
            every = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            if not every:
                raise ValueError("the interval is 0")
            return Interval(every)
        fields = expression.split()
        if len(fields) == 5:
            fields.insert(0, "0")
        if len(fields) != 6:
            raise ValueError(f"it has {len(fields)} fields, not six")
        crontab = Crontab(*(_field(field, *kind) for field, kind in zip(fields, _FIELDS, strict=True)))
        crontab.after(datetime.now())
        return crontab
    except ValueError as error:
        raise HostError(
            f"The function {function} has the schedule {expression!r}, which cannot be read: {error}. Use six fields "
            "such as '0 */5 * * * *', or an interval such as '00:05:00'."
        ) from None
