"""Every framework with a server of its own, by each interface that it has, passes its own checks and streams."""

import http.client
import time

import pytest

from tests.conftest import Bake
from tests.test_own_server import served
from tests.variants import Variant, server_variants

each_server = pytest.mark.parametrize("variant", server_variants(), ids=str)


@each_server
def test_passes_its_own_checks(variant: Variant, bake: Bake) -> None:
    bake.shared(**variant.answers).passes_its_own_checks()


@each_server
def test_sends_each_event_when_it_is_made(variant: Variant, bake: Bake) -> None:
    with served(bake.shared(**variant.answers), **variant.row.get("settings", {})) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/stream")
        with connection.getresponse() as response:
            assert response.headers["Content-Type"].partition(";")[0] == "text/event-stream"
            arrivals = [time.monotonic() for line in response if line.strip()]
    # They are made a second apart, so all at once at the end would be no second in all.
    assert len(arrivals) == 5 and arrivals[-1] - arrivals[0] > 2
