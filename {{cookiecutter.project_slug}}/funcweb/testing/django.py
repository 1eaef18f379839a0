"""Django's test client for a whole app: its middleware, its handler, and the function where it goes through that."""

from typing import Any, ClassVar

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import client
from django.urls import get_script_prefix, set_script_prefix

Answer = tuple[int, list[tuple[str, str]], bytes]


class Handler(client.ClientHandler):
    """Answers a client's requests as the app does, and remembers the request that the app has made of each.

    Like Django's own it asks for no CSRF token, unless the client is to enforce it.
    """

    request_class: ClassVar[type[HttpRequest]] = WSGIRequest

    def __init__(self, app: Any, enforce_csrf_checks: bool) -> None:
        super().__init__(enforce_csrf_checks)
        self.app = app
        self.handler = getattr(app, "app", app)  # The function as an app has the app.

    def __call__(self, environ: dict[str, Any]) -> HttpResponse:
        """Answer."""
        made: list[Any] = []

        def make_request(*arguments: Any) -> Any:
            request = self.request_class(*arguments)
            request._dont_enforce_csrf_checks = not self.enforce_csrf_checks
            made.append(request)
            return request

        prefix = get_script_prefix()
        self.handler.request_class = make_request
        try:
            status, headers, body = self.answer(environ)
        finally:
            del self.handler.request_class
            set_script_prefix(prefix)  # Each request sets that of its own URL; it is not the test's.
        response = as_response(status, headers, body)
        response.wsgi_request = made[-1] if made else WSGIRequest(environ)
        return response

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Return status, headers and body of the app's answer."""
        raise NotImplementedError


def as_response(status: int, headers: list[tuple[str, str]], body: bytes) -> HttpResponse:
    """Return an answer as the HttpResponse that a test looks at."""
    response = HttpResponse(body, status=status)
    del response["Content-Type"]  # Django's default
    for name, value in headers:
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        else:
            response[name] = value
    if "Location" in response:
        response.url = response["Location"]
    return response


class Client(client.Client):
    """The test client, which a test gets as `client`."""

    handler_class: ClassVar[type[Handler]] = Handler

    def __init__(self, app: Any, *, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        """Take an app, or the function as an app; and what Django's client takes."""
        super().__init__(enforce_csrf_checks, **defaults)
        self.handler = self.handler_class(app, enforce_csrf_checks)
