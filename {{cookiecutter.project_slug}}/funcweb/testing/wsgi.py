"""The Azure Function as a WSGI app, for tests."""

from collections.abc import Iterator
from http.client import responses
from typing import Any

from funcweb.testing.through import Invocation, Through


class ThroughFunction(Through):
    """The app, called through a function that collects its response."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Call the function and answer as it does (PEP 3333)."""
        request = self.request(
            environ["REQUEST_METHOD"],
            f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', environ['SERVER_NAME'])}",
            request_path(environ),
            environ.get("QUERY_STRING", ""),
            request_headers(environ),
            read_body(environ),
        )
        response = self.function(request, Invocation())
        status = response.status_code
        start_response(f"{status} {responses.get(status, 'Unknown')}", list(response.headers.items()))
        return [response.get_body()]


def request_path(environ: dict[str, Any]) -> str:
    """Return the path of a request, decoded."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1").decode()


def request_headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the headers of a request."""
    for key, value in environ.items():
        name = key.removeprefix("HTTP_")
        if name != key or (key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value):
            yield name.replace("_", "-"), value


def read_body(environ: dict[str, Any]) -> bytes:
    """Return the body of a request."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body
