"""One request to a WSGI app, with the standard library alone."""

from typing import Any
from wsgiref.util import setup_testing_defaults


def status_of(app: Any, path: str) -> int:
    """Ask the app for a path, and return the status of its answer (PEP 3333)."""
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path}
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        statuses.append(status)

    for _ in app(environ, start_response):
        pass
    return int(statuses[-1].split()[0])
