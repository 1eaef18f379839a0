"""The Azure Function as an app, so that the test client of the web framework can send requests through it.

It stands in for the Functions host and the worker as far as an app can tell them apart: the route prefix comes before
the path, header names are in lower case, and the body is whole.
"""

import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import azure.functions as func

from funcweb.route import as_root_path, route_prefix, split_root_path

# What may stand in a path unescaped (RFC 3986 section 3.3).
PATH_CHARACTERS = "/:@!$&'()*+,;=~-._"


class Invocation(func.Context):
    """The context of an invocation."""

    invocation_id = "00000000-0000-0000-0000-000000000000"
    function_name = "test"
    function_directory = "."
    thread_local_storage = threading.local()  # type: ignore[assignment]  # An instance, whatever the class says.
    trace_context = None  # type: ignore[assignment]
    retry_context = None  # type: ignore[assignment]


class Through:
    """The app in everything but one thing: its requests go through the function.

    Test clients ask their app for more, such as its configuration and its sessions.
    """

    def __init__(self, app: Any, function: Any) -> None:
        """Take the app, and the function that hands requests to it.

        Raises:
            ValueError: host.json is not JSON.
        """
        self.app = app
        self.function = function
        self.root_path = as_root_path(route_prefix())

    def __getattr__(self, name: str) -> Any:
        """Answer for the app."""
        return getattr(self.app, name)

    def path(self, path: str) -> str:
        """Return a decoded path under the route prefix, where it may be already, as that of a redirect is."""
        return path if split_root_path(path, self.root_path)[0] else self.root_path + path

    def request(
        self, method: str, origin: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> func.HttpRequest:
        """Return the request as the worker makes it; of headers given several times it joins the values."""
        joined: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            joined[key] = f"{joined[key]},{value}" if key in joined else value
        url = origin + quote(self.path(path), safe=PATH_CHARACTERS) + (f"?{query}" if query else "")
        return func.HttpRequest(method, url, headers=joined, body=body)
