"""What the streaming apps send and count, for both interfaces."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

CHUNK = b"x" * 2**16

TEN_BYTES = {"Content-Length": "10"}

streams = Counter({"open": 0, "ended": 0, "broken": 0})


def tick(number: int) -> bytes:
    """Return a line that tells when it was made."""
    return f"{number} {time.monotonic()}\n".encode()


def ticks(count: int, gap: float) -> Iterator[bytes]:
    """Make lines, this many seconds apart, and count the stream as open until it is closed."""
    streams["open"] += 1
    try:
        for number in range(count):
            yield tick(number)
            time.sleep(gap)
    finally:
        streams["open"] -= 1
        streams["ended"] += 1


async def async_ticks(count: int, gap: float) -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    streams["open"] += 1
    try:
        for number in range(count):
            yield tick(number)
            await asyncio.sleep(gap)
    finally:
        streams["open"] -= 1
        streams["ended"] += 1


def large(mib: int) -> Iterator[bytes]:
    """Make this many MiB."""
    for _ in range(mib * 2**20 // len(CHUNK)):
        yield CHUNK


async def async_large(mib: int) -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    for chunk in large(mib):
        yield chunk


def breaks() -> Iterator[bytes]:
    """Make a chunk and raise."""
    yield b"begun"
    raise LookupError("broken off")


async def async_breaks() -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    for chunk in breaks():
        yield chunk


def short() -> Iterator[bytes]:
    """Make five bytes of the ten that are announced."""
    yield b"sh"
    yield b"ort"


async def async_short() -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    for chunk in short():
        yield chunk


@contextmanager
def counting_breaks() -> Iterator[None]:
    """Count what does not come to its end."""
    try:
        yield
    except BaseException:
        streams["broken"] += 1
        raise


def read(stream: Any) -> Iterator[bytes]:
    """Read an upload in pieces."""
    with counting_breaks():
        while piece := stream.read(2**16):
            yield piece
