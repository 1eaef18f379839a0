"""What a defect is, and the two sides on which it is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, TypeVar
from wsgiref.types import WSGIApplication

import azure.functions as func

from funcweb.asgi import AsgiMiddleware
from funcweb.wsgi import WsgiMiddleware
from tests.middleware.requests import CONTEXT, request

from .client import Client

T = TypeVar("T")


@dataclass(frozen=True)
class Side:
    """One of the two sides: what a package does by itself, or what the project makes of it."""

    ours: bool
    serve: Callable[[bool], Client]

    def wsgi(self, app: WSGIApplication, prefix: str = "") -> func.WsgiMiddleware:
        """Return this side's middleware for a WSGI app."""
        if self.ours:
            return WsgiMiddleware(app, prefix)
        return func.WsgiMiddleware(app)  # type: ignore[no-untyped-call]

    def asgi(self, app: Any, prefix: str = "") -> func.AsgiMiddleware:
        """Return this side's middleware for an ASGI app."""
        if self.ours:
            return AsgiMiddleware(app, prefix)
        return func.AsgiMiddleware(app)  # type: ignore[no-untyped-call]

    def mend(self, app: T, *mend: Callable[[T], T]) -> T:
        """Return the app with what the project puts around it, or as it is."""
        for each in mend if self.ours else ():
            app = each(app)
        return app

    @cached_property
    def client(self) -> Client:
        """A client of a function app with this side's middleware, on the local host with Microsoft's runtime."""
        return self.serve(self.ours)


def response_of(middleware: Any, req: func.HttpRequest, context: func.Context = CONTEXT) -> func.HttpResponse:
    """Answer a request with a middleware of either interface."""
    if isinstance(middleware, func.AsgiMiddleware):
        response: func.HttpResponse = asyncio.run(middleware.handle_async(req, context))
        return response
    answer: func.HttpResponse = middleware.handle(req, context)
    return answer


def call(middleware: Any, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str) -> str:
    """Return status and body of the answer, or the name of the exception that the function would fail with."""
    try:
        response = response_of(middleware, request(path, method, body, **headers))
    except Exception as error:
        return type(error).__name__
    return f"{response.status_code} {response.get_body().decode()}"


@dataclass(frozen=True)
class Defect:
    """Something that is wrong with a package, and what the project does about it. The texts are cells of the table."""

    name: str
    package: str
    what: str
    stock: str
    here: str
    goes: tuple[str, ...]  # where the code is that is there for it and can go once it is put right: file, or file::name
    upstream: tuple[str, ...]  # issues, as owner/repository#number
    common: bool  # whether it stands in the short table of docs/middleware.md too
    seen: tuple[object, object]  # what see() returns on stock and here
    right: object  # what it would return on stock if that had no defect
    see: Callable[[Side], object]

    def mended(self) -> str:
        """Say what to do now that upstream has put it right."""
        return (
            f"{self.package} {version(self.package)} has put right {self.name!r} ({self.what}): what is there for it in "
            f"{' and '.join(self.goes)} can go, once the project supports no version that has it; then take it out of "
            "tests/defects."
        )

    def changed(self) -> str:
        """Say what to do now that it goes wrong in another way."""
        return (
            f"{self.package} {version(self.package)} goes wrong in another way now in {self.name!r} ({self.what}): see "
            f"whether what is there for it in {' and '.join(self.goes)} still helps, and say in tests/defects what is seen."
        )


@dataclass(frozen=True)
class Claim:
    """A defect of what cannot be run here, such as the .NET host: no test asserts it, so it names its source."""

    package: str
    what: str
    stock: str
    here: str
    goes: tuple[str, ...]
    upstream: tuple[str, ...]
    source: str  # where it was read


DEFECTS: list[Defect] = []
CLAIMS: list[Claim] = []


def defect(
    package: str,
    what: str,
    *,
    stock: str,
    here: str,
    seen: tuple[object, object],
    goes: Iterable[str],
    upstream: Iterable[str] = (),
    common: bool = False,
    right: object = None,
) -> Callable[[Callable[[Side], object]], Callable[[Side], object]]:
    """Put a defect into the list, under the name of the function that looks for it.

    `right` is what that returns where there is no defect, if it is not what is seen here.
    """

    def add(see: Callable[[Side], object]) -> Callable[[Side], object]:
        name = see.__name__.replace("_", "-")
        entry = Defect(
            name, package, what, stock, here, tuple(goes), tuple(upstream), common, seen, right or seen[1], see
        )
        DEFECTS.append(entry)
        return see

    return add
