"""The web apps in Django. Its settings and URLs are global, so both kinds of app have the same."""

import logging
from http.cookies import Morsel
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, async_breaks, async_large, async_short, async_ticks, counting_breaks, streams


def where(request: HttpRequest, name: str) -> HttpResponse:
    """Tell the request's URL."""
    return JsonResponse({"url": request.build_absolute_uri(), "name": name})


def redirect(request: HttpRequest) -> HttpResponse:
    """Lead there."""
    return HttpResponseRedirect(request.build_absolute_uri(reverse("where", args=["x"])))


def busy(request: HttpRequest) -> HttpResponse:
    """Be busy."""
    return JsonResponse({"error": "busy"}, status=503)


def read_cookies(request: HttpRequest) -> HttpResponse:
    """Tell the cookies."""
    return JsonResponse(request.COOKIES)


def values(request: HttpRequest) -> HttpResponse:
    """Set a cookie for each value."""
    response = HttpResponse()
    for name, value in VALUES.items():
        response.set_cookie(name, value)
    return response


def echo(request: HttpRequest) -> HttpResponse:
    """Give back what was posted."""
    return HttpResponse(request.body, content_type="application/octet-stream")


def cookies(request: HttpRequest) -> HttpResponse:
    """Set and delete cookies."""
    response = HttpResponse()
    response.set_cookie("a", "1", httponly=True, samesite="Lax")
    response.delete_cookie("b")
    response.set_cookie("session", PADDED)
    response.set_cookie("__Host-c", "2", secure=True)
    add_cookie(response, "d=3; Secure; Partitioned")
    return response


def log(request: HttpRequest) -> HttpResponse:
    """Write to the log."""
    logging.getLogger("apps").warning("a warning of the app")
    if "wsgi.errors" in request.META:
        request.META["wsgi.errors"].write("a line for wsgi.errors\n")
    return HttpResponse()


def crash(request: HttpRequest) -> HttpResponse:
    """Raise."""
    raise LookupError("crashed")


SPOOLS_UPLOADS = True


async def ticks(request: HttpRequest) -> StreamingHttpResponse:
    """Send lines."""
    return StreamingHttpResponse(async_ticks(int(request.GET.get("count", 4)), float(request.GET.get("gap", 0.2))))


async def large(request: HttpRequest) -> StreamingHttpResponse:
    """Send much."""
    return StreamingHttpResponse(async_large(int(request.GET.get("mib", 1))))


async def breaks(request: HttpRequest) -> StreamingHttpResponse:
    """Break off."""
    return StreamingHttpResponse(async_breaks())


async def short(request: HttpRequest) -> StreamingHttpResponse:
    """Send less than is announced."""
    return StreamingHttpResponse(async_short(), headers=TEN_BYTES)


async def count(request: HttpRequest) -> JsonResponse:
    """Count the streams."""
    return JsonResponse(dict(streams))


async def upload(request: HttpRequest) -> JsonResponse:
    """Read an upload in pieces."""
    size = 0
    with counting_breaks():
        while piece := request.read(2**16):
            size += len(piece)
    return JsonResponse({"size": size})


async def headers(request: HttpRequest) -> HttpResponse:
    """Give back the headers."""
    response = JsonResponse([[name, value] for name, value in request.headers.items()], safe=False)
    response["Vary"] = "a, b"
    for cookie in COOKIES:
        add_cookie(response, cookie)
    return response


class Cookie(Morsel):  # type: ignore[type-arg]
    """A cookie as it is written, with attributes that Python's module may not know."""

    def OutputString(self, attrs: Any = None) -> str:
        """Return it."""
        return self.value


def add_cookie(response: HttpResponse, cookie: str) -> None:
    """Add a Set-Cookie header."""
    morsel = Cookie()
    name = cookie.partition("=")[0]
    morsel.set(name, cookie, cookie)
    response.cookies[name] = morsel


urlpatterns = [
    path("where/<str:name>", where, name="where"),
    path("redirect", redirect),
    path("busy", busy),
    path("read", read_cookies),
    path("values", values),
    path("echo", echo),
    path("cookies", cookies),
    path("log", log),
    path("crash", crash),
    path("ticks", ticks),
    path("large", large),
    path("breaks", breaks),
    path("short", short),
    path("streams", count),
    path("upload", upload),
    path("headers", headers),
]


def configure() -> None:
    """Set Django up, once."""
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=__name__,
            SECRET_KEY="secret",
            DATA_UPLOAD_MAX_MEMORY_SIZE=None,
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        )
        django.setup()


def wsgi_app() -> Any:
    """Return the web app."""
    configure()
    return WSGIHandler()


def asgi_app() -> Any:
    """Return the web app."""
    configure()
    return ASGIHandler()


def streaming_asgi_app() -> Any:
    """Return the app that streams."""
    return asgi_app()
