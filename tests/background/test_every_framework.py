"""Every framework in every mode hands a job to the queue, and the function does it, in both programming models."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from functions_host.client import serve
from tests.conftest import Bake
from tests.host.azurite import Azurite
from tests.host.conftest import loop_for
from tests.host.ingestion import run_ingestion
from tests.host.queues import FAST
from tests.own_app.conftest import OWN, put_site
from tests.variants import PLAIN, ROWS, Variant, one_with, python_for, running_variants, spread

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


QUEUED = [variant for variant in spread(running_variants(), "route_prefix", jobs="queue") if variant.works]


@pytest.mark.parametrize("variant", QUEUED, ids=str)
def test_a_job_is_done_under_its_id_and_in_the_trace_of_its_request(
    variant: Variant, bake: Bake, azurite: Azurite
) -> None:
    project = bake.shared(**variant.answers)
    settings = {**FAST, "AzureWebJobsStorage": azurite.connection_string, "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        serve(project.path, loop=loop_for(variant), env=settings) as host,
        httpx2.Client(base_url=host.url + variant.root_path, trust_env=False, timeout=20) as client,
    ):
        response = client.post("/jobs", json={"name": "José"}, headers=HEADERS)
        assert response.status_code == 202, host.log
        host.wait_for_log(f"Hello, José! This is job {response.json()['id']} of trace {TRACE}.")
        for body in ("{", "[]", '{"name": 1}'):
            refused = client.post("/jobs", content=body, headers={"content-type": "application/json"})
            assert refused.status_code in (400, 422), (body, refused)
        assert client.get("/jobs").status_code in (404, 405)
        # While a request waits for the storage, others are answered.
        with ThreadPoolExecutor(1) as pool:
            with azurite.paused():
                waiting = pool.submit(client.post, "/jobs", json={"name": "José"})
                time.sleep(0.3)
                assert client.get("/health", timeout=3).status_code == 200
                assert not waiting.done()
            assert waiting.result().status_code == 202
        assert "Traceback" not in host.log


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_with_telemetry_a_job_is_a_part_of_the_trace_of_its_request(interface: str, bake: Bake, storage: str) -> None:
    mode = {"wsgi": "sync", "asgi": "async"}[interface]
    project = bake.shared(
        framework=one_with(mode, interface), async_mode=mode, jobs="queue", observability="opentelemetry"
    )
    with run_ingestion() as ingestion:
        settings = {**ingestion.settings, **FAST, "AzureWebJobsStorage": storage}
        with serve(project.path, env=settings) as host:
            response = httpx2.post(f"{host.url}/jobs", json={"name": "José"}, headers=HEADERS, trust_env=False)
            assert response.status_code == 202, host.log
            names = {item["data"]["baseData"]["name"] for item in ingestion.wait_for(2, "RequestData", TRACE)}
            assert names == {"POST /jobs", "on_message"}, host.log
            greeting = f"Hello, José! This is job {response.json()['id']} of trace {TRACE}."
            lines = [line["data"]["baseData"]["message"] for line in ingestion.wait_for(2, "MessageData", TRACE)]
            assert greeting in lines


# An app of the owner's that calls `send`, as README.md shows it.
OWN_APPS = {
    "wsgi": """
import json, jobs

def application(environ, start_response):
    job = jobs.send({"name": "Ada"}, environ.get("HTTP_TRACEPARENT"))
    start_response("202 Accepted", [("Content-Type", "application/json")])
    return [json.dumps({"id": job}).encode()]
""",
    "asgi": """
import asyncio, json, jobs

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    job = await asyncio.to_thread(jobs.send, {"name": "Ada"}, headers.get("traceparent"))
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps({"id": job}).encode()})
""",
}


@pytest.mark.parametrize(
    ("mode", "model"), [("sync", "v2"), ("sync", "v1"), ("async", "v1"), ("async", "v2"), ("streaming", "v2")]
)
def test_an_app_of_the_owners_sends_jobs(mode: str, model: str, bake: Bake, storage: str) -> None:
    interface = ROWS[OWN]["interfaces"][mode]
    answers = {"framework": OWN, "async_mode": mode, "programming_model": model, "app": "site_of_ours:application"}
    variant = Variant({**PLAIN, **answers, "python_version": python_for(mode), "jobs": "queue"})
    project = bake(**variant.answers)
    put_site(project.path, variant)
    (project.path / "site_of_ours.py").write_text(OWN_APPS[interface], encoding="utf-8")
    settings = {**FAST, "AzureWebJobsStorage": storage, "PYTHONDONTWRITEBYTECODE": "1"}
    with serve(project.path, env=settings) as host:
        response = httpx2.get(f"{host.url}/anything", headers=HEADERS, trust_env=False)
        assert response.status_code == 202, host.log
        host.wait_for_log(f"Hello, Ada! This is job {response.json()['id']} of trace {TRACE}.")


@pytest.mark.parametrize("model", ["v1", "v2"])
def test_a_timer_fires(model: str, bake: Bake, storage: str) -> None:
    project = bake.shared(framework=one_with("async"), async_mode="async", programming_model=model, jobs="timer")
    settings = {"AzureWebJobsStorage": storage, "JOBS_SCHEDULE": "* * * * * *", "PYTHONDONTWRITEBYTECODE": "1"}
    with serve(project.path, env=settings) as host:
        host.wait_for_log("jobs: It is time again.")
        assert httpx2.get(f"{host.url}/health", trust_env=False).status_code == 200
    assert json.loads(project.read("local.settings.json"))["Values"]["JOBS_SCHEDULE"] == "0 */5 * * * *"
