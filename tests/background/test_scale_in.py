"""What is left of work when its process dies, as at the end of a scale-in."""

from __future__ import annotations

import httpx2
import pytest

from functions_host.client import HostDied, serve
from tests.host.conftest import Write
from tests.host.queues import FAST, queue

APP = """
import asyncio, logging, os, threading, time
import azure.functions as func

app = func.FunctionApp()
tasks = set()


async def wait(name):
    logging.info("begun %s", name)
    await asyncio.sleep(float(os.environ["SECONDS"]))
    logging.info("done %s", name)


def work(name):
    logging.info("begun %s", name)
    time.sleep(float(os.environ["SECONDS"]))
    logging.info("done %s", name)


@app.route(route="begin", auth_level="anonymous")
async def begin(req: func.HttpRequest) -> func.HttpResponse:
    tasks.add(asyncio.create_task(wait("create_task")))
    threading.Thread(target=work, args=("thread",)).start()
    return func.HttpResponse()


@app.queue_trigger(arg_name="message", queue_name="work", connection="AzureWebJobsStorage")
async def take(message: func.QueueMessage) -> None:
    await wait("message")
"""


def test_a_message_stays_in_the_queue_and_all_else_is_lost(write: Write, storage: str) -> None:
    work = queue(storage, "work")
    work.send_message("x")
    env = {**FAST, "AzureWebJobsStorage": storage, "SECONDS": "20"}
    with pytest.raises(HostDied), serve(write({"function_app.py": APP}), env=env) as host:
        assert httpx2.get(f"{host.url}/begin", trust_env=False).status_code == 200
        for name in ("create_task", "thread", "message"):
            host.wait_for_log(f"root: begun {name}\n")
        host.process.kill()
        host.process.wait()
    assert "done" not in host.log
    # Hidden for the ten minutes that the host had asked for, then it comes again.
    assert work.get_queue_properties().approximate_message_count == 1
    assert not work.peek_messages()


def test_a_job_that_runs_ends_when_the_host_is_asked_to(write: Write, storage: str) -> None:
    work = queue(storage, "work")
    work.clear_messages()
    work.send_message("x")
    env = {**FAST, "AzureWebJobsStorage": storage, "SECONDS": "1"}
    with serve(write({"function_app.py": APP}), env=env) as host:
        host.wait_for_log("root: begun message\n")
    assert host.log.count("root: done message\n") == 1
    assert work.get_queue_properties().approximate_message_count == 0
