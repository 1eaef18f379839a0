"""An endpoint that stands for Application Insights."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Ingestion(ThreadingHTTPServer):
    """The ingestion endpoint of Application Insights, which keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), IngestionHandler)
        self.items: list[dict[str, Any]] = []

    @property
    def settings(self) -> dict[str, str]:
        """The app settings that turn telemetry on, and send it here, often and about the app only."""
        url = f"http://127.0.0.1:{self.server_port}/"
        return {
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000001;"
            f"IngestionEndpoint={url};LiveEndpoint={url}",
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "OTEL_TRACES_SAMPLER": "always_on",  # The default keeps five traces a second.
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def of_type(self, name: str, trace: str = "") -> list[dict[str, Any]]:
        """Return the items of a type, of one trace or of all."""
        found = [item for item in self.items if item["data"]["baseType"] == name]
        return [item for item in found if trace in ("", item["tags"]["ai.operation.id"])]

    def wait_for(self, count: int, name: str, trace: str) -> list[dict[str, Any]]:
        """Wait until there are so many items of a type and a trace, ten seconds at most, and return what there is."""
        deadline = time.monotonic() + 10
        while len(self.of_type(name, trace)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.of_type(name, trace)


class IngestionHandler(BaseHTTPRequestHandler):
    """Takes one delivery."""

    server: Ingestion

    def do_POST(self) -> None:
        """Keep the items and thank for them."""
        body = self.rfile.read(int(self.headers["content-length"]))
        items = json.loads(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
        if self.path.endswith("/track"):
            self.server.items += items
        answer = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


@contextmanager
def run_ingestion() -> Iterator[Ingestion]:
    """Run an ingestion endpoint for as long as the block runs."""
    with Ingestion() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
