"""Each request to an app of the owner's is one span, by the plain middleware of its interface."""

import pytest

from tests.conftest import run_python
from tests.own_app.conftest import HERE, OWN
from tests.variants import PROJECT, ROWS

SPANS = """
import sys
sys.path.append({here!r})
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

from {interface}_site import application
from funcweb.{own}.{interface}_traces import traced
from funcweb.testing.smoke_{interface} import status_of
{define}
with trace.get_tracer("worker").start_as_current_span("of the host's"):
    assert status_of(traced({app}), "/some/path") == 200
print(*((span.name, span.kind.name, span.parent) for span in spans.get_finished_spans()), sep="\\n")
"""

# The function starts an ASGI app, which has its state from then on.
STARTED = """
async def started(scope, receive, send):
    await application({**scope, "state": {"started": True}}, receive, send)
"""


@pytest.mark.parametrize("interface", ROWS[OWN]["apps"])
def test_one_span_for_each_request(interface: str) -> None:
    define, app = (STARTED, "started") if interface == "asgi" else ("", "application")
    code = SPANS.format(here=str(HERE), own=OWN, interface=interface, define=define, app=app)
    result = run_python("-c", code, cwd=PROJECT)
    assert result.returncode == 0, result.stderr
    request, host = result.stdout.splitlines()
    # It has no parent but the one that the request's headers name; here there is none.
    assert request == "('GET /some/path', 'SERVER', None)"
    assert "of the host's" in host
