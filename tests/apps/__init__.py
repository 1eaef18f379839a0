"""The same two web apps in every framework, a module each: for tests, which also put them into projects.

A module has `wsgi_app()`, `asgi_app()` or both, an app with what people rely on beyond the sample. /where/{name} tells
its own URL, /redirect leads there; /busy answers 503; /crash raises; /echo gives back what was posted; /cookies sets
and deletes cookies, /values sets one for each of VALUES, /read tells those that came back; /log writes to the log;
/startups counts the startups of the lifespan (ASGI, where the module has `startups`).

`streaming_wsgi_app()` or `streaming_asgi_app()` is an app that streams. /ticks sends lines with the time at which each
was made; /large sends and /upload takes any number of bytes without holding them; /both answers each chunk as it comes
(where the module is marked with `ANSWERS_WHILE_ASKED`); /breaks raises after its first chunk; /headers gives back what
it got and sends what is hard to carry; /streams counts the streams that are open and that have ended, and the uploads
that broke off (unless the module is marked with `SPOOLS_UPLOADS`, as its framework calls the app only when it has the
whole upload).
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

PADDED = "eyJhIjoxfQ=="
VALUES = {"v0": PADDED, "v1": "b,c", "v2": '{"x":1}', "v3": "a b", "v4": "José", "v5": 'a"b\\c;', "v6": "100%25"}
COOKIES = ["__Host-c=eyJhIjoxfQ==; Path=/; Secure", "a=1; Path=/; Priority=High; Partitioned; Secure"]


def load(framework: str) -> ModuleType:
    """Return the module of a framework."""
    return importlib.import_module(f"{__name__}.{framework}")


def kinds(prefix: str = "") -> list[tuple[str, str]]:
    """Return framework and interface of each app that there is: of `wsgi_app` and `asgi_app`, or of `streaming_...`."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "streams"))
    return [
        (name, interface)
        for name in names
        for interface in ("wsgi", "asgi")
        if hasattr(load(name), f"{prefix}{interface}_app")
    ]
