"""A thousand jobs, each done once, while the web app answers."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from functions_host.client import serve
from tests.conftest import Bake
from tests.host.queues import FAST, queue
from tests.variants import one_with

JOBS = 1000


@pytest.mark.parametrize("mode", ["sync", "async", "streaming"])
def test_a_thousand_jobs_are_each_done_once_while_the_app_answers(mode: str, bake: Bake, storage: str) -> None:
    project = bake.shared(framework=one_with(mode), async_mode=mode, jobs="queue")
    settings = {**FAST, "AzureWebJobsStorage": storage, "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        serve(project.path, env=settings) as host,
        httpx2.Client(base_url=host.url, trust_env=False, timeout=30) as client,
    ):

        def post(number: int) -> str:
            response = client.post("/jobs", json={"name": str(number)})
            assert response.status_code == 202, host.log[-2000:]
            return str(response.json()["id"])

        with ThreadPoolExecutor(8) as pool:
            posted = pool.map(post, range(JOBS))
            taken = []
            for _ in range(100):
                started = time.perf_counter()
                assert client.get("/health").json() == {"status": "ok"}
                taken.append(time.perf_counter() - started)
                time.sleep(0.02)
            jobs = list(posted)
        deadline = time.monotonic() + 60
        done: list[str] = []
        while len(done) < JOBS and time.monotonic() < deadline:
            time.sleep(0.1)
            done = re.findall(r"Hello, \d+! This is job (\S+) ", host.log)
        time.sleep(0.5)  # for one that would be done twice
        done = re.findall(r"Hello, \d+! This is job (\S+) ", host.log)
        assert len({*jobs}) == JOBS
        assert Counter(done) == Counter(jobs)
        assert queue(storage, "jobs").get_queue_properties().approximate_message_count == 0
        assert statistics.median(taken) < 1
