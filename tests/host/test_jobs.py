"""Work that the web app hands to a queue, on Microsoft's own runtime and the emulator Azurite."""

from __future__ import annotations

import base64
import json
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from functions_host.client import RunningHost, serve
from tests.conftest import Bake
from tests.variants import one_with

from .queues import FAST, contents, queue

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
JOBS = 100


class Served:
    """A project with jobs=queue that runs on the host, and what it talks to."""

    def __init__(self, host: RunningHost, client: httpx2.Client, storage: str) -> None:
        self.host = host
        self.client = client
        self.storage = storage

    def post(self, name: str, **headers: str) -> str:
        """Post a job and return its id."""
        response = self.client.post("/jobs", json={"name": name}, headers=headers)
        assert response.status_code == 202, (response.text, self.host.log)
        return str(response.json()["id"])


@pytest.fixture(scope="module")
def served(bake: Bake, storage: str) -> Iterator[Served]:
    """Serve an async app. The others are in tests/background."""
    project = bake.shared(framework=one_with("async"), async_mode="async", jobs="queue")
    settings = {**FAST, "AzureWebJobsStorage": storage, "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        serve(project.path, env=settings) as host,
        httpx2.Client(base_url=host.url, trust_env=False, timeout=20) as client,
    ):
        yield Served(host, client, storage)


def seconds(client: httpx2.Client, method: str, path: str, **options: Any) -> float:
    """Return how long a request takes: the median of some, after a first one."""
    taken = []
    for _ in range(8):
        started = time.perf_counter()
        client.request(method, path, **options).raise_for_status()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def test_a_job_is_done_after_the_response_under_its_id_and_in_the_trace_of_its_request(served: Served) -> None:
    job = served.post("José", traceparent=f"00-{TRACE}-{PARENT}-01")
    log = served.host.wait_for_log(f"Hello, José! This is job {job} of trace {TRACE}.")
    assert re.search(rf"INFO \[[0-9a-f-]{{36}}\] jobs: Hello, José! This is job {job} ", log), "not in its invocation"
    assert "Traceback" not in log
    # The storage's client would have logged its own requests, with their headers.
    assert "Request URL" not in log


def test_the_answer_does_not_wait_for_the_job(served: Served) -> None:
    health = seconds(served.client, "GET", "/health")
    assert seconds(served.client, "POST", "/jobs", json={"name": "Ada"}) < health + 0.05


def test_what_always_fails_is_tried_five_times_and_kept_in_the_poison_queue(served: Served) -> None:
    text = json.dumps({"nothing": "of use"})
    queue(served.storage, "jobs").send_message(text)
    (kept,) = contents(queue(served.storage, "jobs-poison"))
    assert base64.b64decode(kept).decode() == text
    assert served.host.log.count("Executed 'Functions.QueueTrigger' (Failed") == 5
    assert served.host.log.count("KeyError: 'name'") >= 5
    assert served.client.get("/health").status_code == 200


def test_every_job_is_done_once_while_the_app_answers(served: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda number: served.post(f"number {number}"), range(JOBS)))
        assert list(pool.map(lambda _: served.client.get("/health").status_code, range(JOBS))) == [200] * JOBS
    assert len({*jobs}) == JOBS
    for job in jobs:
        served.host.wait_for_log(f"This is job {job} ")
    done = re.findall(r"Hello, number \d+! This is job (\S+) ", served.host.log)
    assert sorted(done) == sorted(jobs)


def test_a_job_is_done_by_hand(served: Served) -> None:
    body = {"input": json.dumps({"name": "by hand"})}
    assert served.client.post("/admin/functions/QueueTrigger", json=body).status_code == 202
    served.host.wait_for_log("Hello, by hand! This is job ")
