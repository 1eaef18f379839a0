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
from packaging.version import Version

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
    right_since: str  # the version of the package that has put it right, while older ones are supported
    see: Callable[[Side], object]

    def problem(self, seen: object) -> str | None:
        """Return what is to be done, if what is seen on stock is not what the list says."""
        installed = Version(version(self.package))
        is_right = bool(self.right_since) and installed >= Version(self.right_since)
        what = f"{self.name!r} ({self.what})"
        place = f"what is there for it in {' and '.join(self.goes)}"
        if seen == self.right and not is_right:
            return (
                f"{self.package} {installed} has put right {what}: {place} can go, once the project supports no "
                "version that has it; see CONTRIBUTING.md."
            )
        if seen != (self.right if is_right else self.seen[0]):
            return (
                f"{self.package} {installed} goes another way now in {what}: see whether {place} still helps, and say "
                f"in tests/defects what is seen, which is {seen!r}."
            )
        return None


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
    right_since: str = "",
) -> Callable[[Callable[[Side], object]], Callable[[Side], object]]:
    """Put a defect into the list, under the name of the function that looks for it.

    `right` is what that returns where there is no defect, if it is not what is seen here.
    """

    def add(see: Callable[[Side], object]) -> Callable[[Side], object]:
        DEFECTS.append(
            Defect(
                name=see.__name__.replace("_", "-"),
                package=package,
                what=what,
                stock=stock,
                here=here,
                goes=tuple(goes),
                upstream=tuple(upstream),
                common=common,
                seen=seen,
                right=seen[1] if right is None else right,
                right_since=right_since,
                see=see,
            )
        )
        return see

    return add
