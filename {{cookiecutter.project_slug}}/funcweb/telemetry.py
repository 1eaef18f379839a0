"""A web app whose requests are traced, each in a trace context of its own."""

import logging
from collections.abc import Callable
from typing import Any

from opentelemetry.context import Context, attach

# The exporter logs its own requests, and logs are exported: it would report on itself for ever.
for name in ("azure.core", "azure.monitor"):
    logging.getLogger(name).setLevel(logging.WARNING)


class TracedApp:
    """The app, called where no span is current.

    The worker may have made the host's span the current one, which would pass for the request's. The headers name it as
    the parent. Each request has a context of its own, so nothing has to be put back.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        """Take an app that makes a span for each request."""
        self.app = app

    def __call__(self, *request: Any) -> Any:
        """Call the app, and return what it returns."""
        attach(Context())
        return self.app(*request)
