"""The sample's /stream, read by a page's EventSource."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from playwright.sync_api import Browser

from functions_host.client import serve
from tests.variants import one_with

from ..conftest import Bake
from .chromium import visit

READ = """
url => new Promise((resolve, reject) => {
  const events = [];
  const source = new EventSource(url);
  source.onmessage = event => {
    events.push([event.data, performance.now()]);
    if (events.length === 5) { source.close(); resolve(events); }
  };
  source.onerror = () => reject(new Error("the stream broke after " + events.length));
})
"""


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_an_event_source_gets_five_events_as_they_come(interface: str, bake: Bake, browser: Browser) -> None:
    project = bake(framework=one_with("streaming", interface), async_mode="streaming", route_prefix="api")
    (module,) = project.path.rglob("events.py")
    module.write_text(module.read_text(encoding="utf-8").replace("EVENTS = 1.0", "EVENTS = 0.3"), encoding="utf-8")
    with serve(project.path) as host, visit(browser) as opened:
        opened.page.goto(f"{host.url}/api/health")
        started = time.monotonic()
        events = opened.page.evaluate(READ, f"{host.url}/api/stream")
        assert time.monotonic() - started < 10
        assert [data for data, _ in events] == [f"event {number} of 5" for number in range(1, 6)]
        gaps = [later - earlier for (_, earlier), (_, later) in pairwise(events)]
        # The events are 300 ms apart, and would be some milliseconds apart if the response were collected.
        assert min(gaps) > 150
        assert (opened.errors, opened.refused) == ([], [])
