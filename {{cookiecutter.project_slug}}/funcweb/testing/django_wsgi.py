"""Django's test client for a WSGI app."""

from typing import Any

from funcweb.testing import django


class Handler(django.Handler):
    """Calls the app as a server does."""

    def answer(self, environ: dict[str, Any]) -> django.Answer:
        """Call the app (PEP 3333)."""
        started: list[Any] = []
        iterable = self.app(environ, lambda *arguments: started.extend(arguments[:2]))
        try:
            body = b"".join(iterable)
        finally:
            if hasattr(iterable, "close"):
                iterable.close()
        status, headers = started
        return int(status.partition(" ")[0]), headers, body


class Client(django.Client):
    """The test client, which a test gets as `client`."""

    handler_class = Handler
