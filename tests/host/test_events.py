"""Functions that no request calls: by hand, and on the local host by timers and queues."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from azure.storage.queue import QueueClient

from functions_host.client import RunningHost, serve
from functions_host.errors import HostError
from functions_host.listeners import QueueOptions, read_options
from functions_host.project import read_project
from functions_host.storage import Account, read_connection

from .conftest import Write
from .queues import FAST, contents, queue

V2 = """
import json, logging
import azure.functions as func

app = func.FunctionApp()


def shown(message):
    times = [message.insertion_time, message.expiration_time, message.time_next_visible]
    return [message.id, message.get_body().decode(), message.dequeue_count, *(bool(time) for time in times)]


@app.route(route="web")
def web(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("web")


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="Storage")
def take(message: func.QueueMessage) -> None:
    logging.info("took %s", json.dumps(shown(message)))
    if "fail" in message.get_body().decode():
        raise LookupError("as it was asked to")


@app.queue_trigger(arg_name="message", queue_name="bytes", connection="AzureWebJobsStorage", data_type="binary")
async def take_bytes(message: func.QueueMessage, context: func.Context) -> None:
    logging.info("took bytes %s in %s", message.get_body(), context.trace_context.trace_parent)


@app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *")
def tick(timer: func.TimerRequest) -> None:
    logging.info("tick %s %s", timer.past_due, json.dumps(timer.schedule_status))


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def begin(timer: func.TimerRequest) -> None:
    logging.info("begun")
"""

V1 = {
    "Take/function.json": json.dumps(
        {"bindings": [{"type": "queueTrigger", "direction": "in", "name": "message", "queueName": "v1-work"}]}
    ),
    "Take/__init__.py": """
import logging

def main(message):
    logging.info("took %s %s", message.dequeue_count, message.get_body())
""",
}
SETTINGS = {"QUEUE": "work", "PYTHONDONTWRITEBYTECODE": "1"}
KEY = "the-key"


def invoke(host: RunningHost, name: str, content: str = "{}", key: str = KEY) -> int:
    """Call a function by hand and return the status."""
    url = f"{host.url}/admin/functions/{name}"
    response = httpx2.post(url, content=content, headers={"x-functions-key": key}, trust_env=False)
    assert not response.content
    return response.status_code


@pytest.fixture(scope="module")
def alone(write: Write) -> Iterator[RunningHost]:
    """Serve the app without a storage."""
    with serve(write({"function_app.py": V2}), key=KEY, env=SETTINGS) as host:
        yield host


def test_a_function_is_called_by_hand(alone: RunningHost) -> None:
    assert invoke(alone, "TAKE", '{"input": "by hand é"}') == 202
    log = alone.wait_for_log("took [")
    (found,) = re.findall(r"INFO \[[0-9a-f-]{36}\] root: took (.*)", log)
    identifier, *rest = json.loads(found)
    assert len(identifier) == 36 and rest == ["by hand é", 1, True, True, True]
    assert invoke(alone, "take_bytes", '{"input": "é"}') == 202
    assert re.search(r"took bytes b'\\xc3\\xa9' in 00-\w{32}-\w{16}-00", alone.wait_for_log("took bytes"))
    assert "tick " not in alone.log, "fired without a storage"
    assert invoke(alone, "tick") == 202
    alone.wait_for_log('tick False {"Last": "0001-01-01T00:00:00"')
    assert invoke(alone, "take", '{"input": "fail"}') == 202
    alone.wait_for_log("Executed 'Functions.take' (Failed")


def test_who_may_not_and_what_cannot_be_called_by_hand(alone: RunningHost) -> None:
    assert invoke(alone, "tick", key="wrong") == 401
    assert invoke(alone, "nobody") == 404
    assert [invoke(alone, "tick", content) for content in ("", "[]", "{", '{"input": 1}')] == [400] * 4
    assert invoke(alone, "web") == 202
    alone.wait_for_log("Functions.web. An HttpRequest is required")
    assert httpx2.get(f"{alone.url}/admin/functions/tick", trust_env=False).status_code == 404


def test_the_listing_says_what_fires(alone: RunningHost) -> None:
    hint = "or once AzureWebJobsStorage names a storage)"
    assert f"\ttake: queueTrigger (fires by hand only: POST /admin/functions/take, {hint}\n" in alone.log
    assert f"\ttick: timerTrigger (fires by hand only: POST /admin/functions/tick, {hint}\n" in alone.log


def test_timers_and_queues_fire_where_there_is_a_storage(write: Write, storage: str) -> None:
    path = write({"function_app.py": V2})
    settings = {**SETTINGS, **FAST, "AzureWebJobsStorage": storage}
    with serve(path, env=settings) as host:
        assert "\ttake: queueTrigger [work]\n" in host.log
        assert "\ttick: timerTrigger [*/1 * * * * *]\n" in host.log
        work = queue(storage, "work")
        sent = work.send_message("<é & ü>")
        queue(storage, "bytes").send_message("x")
        (found,) = re.findall(r"root: took (\[.*)", host.wait_for_log("root: took ["))
        assert json.loads(found) == [sent.id, "<é & ü>", 1, True, True, True]
        host.wait_for_log("took bytes b'x'")
        host.wait_for_log("root: begun")
        # What fails comes again at once, unless visibilityTimeout says otherwise, and five times in all.
        poison = queue(storage, "work-poison")
        work.send_message("fail")
        assert contents(poison) == ["ZmFpbA=="]
        assert re.findall(r'took \[".*", "fail", (\d)', host.log) == ["1", "2", "3", "4", "5"]
        assert "Message has reached MaxDequeueCount of 5. Moving message to queue 'work-poison'." in host.log
        poison.clear_messages()
        # So does, at once, what is not in Base64.
        QueueClient.from_connection_string(storage, "work").send_message("not in Base64")
        assert contents(poison) == ["not in Base64"]
        assert work.get_queue_properties().approximate_message_count == 0, "done, and deleted"
        host.wait_for_log('tick False {"Last": "20')
        assert "root: begun" not in host.log.partition("root: begun")[2]


def test_a_v1_function_takes_from_a_queue_as_host_json_says(write: Write, storage: str) -> None:
    path = write(V1)
    options = {"messageEncoding": "none", "visibilityTimeout": "00:00:00", "maxDequeueCount": 1}
    host_json = {"version": "2.0", "extensions": {"queues": {**options, "maxPollingInterval": "00:00:00.1"}}}
    (path / "host.json").write_text(json.dumps(host_json), encoding="utf-8")
    queue(storage, "v1-work")
    plain = QueueClient.from_connection_string(storage, "v1-work")
    plain.send_message("plain é")
    with serve(path, env={"AzureWebJobsStorage": storage, "PYTHONDONTWRITEBYTECODE": "1"}) as host:
        assert r"took 1 b'plain \xc3\xa9'" in host.wait_for_log("took 1")


def test_it_waits_for_a_storage_that_does_not_answer(write: Write) -> None:
    nowhere = "AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:9/a;BlobEndpoint=http://127.0.0.1:9/a"
    with serve(write({"function_app.py": V2}), env={**SETTINGS, "AzureWebJobsStorage": nowhere}) as host:
        host.wait_for_log("take waits for its queue: http://127.0.0.1:9/a does not answer")
        host.wait_for_log("tick waits for the storage at http://127.0.0.1:9/a")
        assert httpx2.get(f"{host.url}/web", trust_env=False).text == "web"


@pytest.mark.parametrize(
    ("queues", "words"),
    [
        ({"batchSize": 33}, "queues.batchSize in host.json is '33': use a number from 1 to 32."),
        ({"maxDequeueCount": 0}, "queues.maxDequeueCount in host.json is '0': use a number from 1 to"),
        ({"visibilityTimeout": 30}, "queues.visibilityTimeout in host.json is 30: use a time such as '00:00:02'."),
    ],
)
def test_options_that_make_no_sense(write: Write, queues: dict[str, Any], words: str) -> None:
    path = write({"function_app.py": V2})
    (path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": queues}}), encoding="utf-8")
    with pytest.raises(HostError, match=re.escape(words)):
        read_options(read_project(path), {})


def test_options_are_those_of_host_json_and_then_of_app_settings(write: Write) -> None:
    path = write({"function_app.py": V2})
    queues = {"batchSize": 4, "visibilityTimeout": "00:01:30", "messageEncoding": "none"}
    (path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": queues}}), encoding="utf-8")
    settings = {"azurefunctionsjobhost__extensions__queues__BATCHSIZE": "32", **FAST}
    assert read_options(read_project(path), settings) == QueueOptions(32, 16, 5, 0.1, 0.0, base64=False)
    assert read_options(read_project(path), {}).visibility_timeout == 90
    assert read_options(read_project(path), {}).new_batch_threshold == 2


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("", None),
        ("UseDevelopmentStorage=false", None),
        ("AccountName=a;SharedAccessSignature=x", None),
        (
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k==;EndpointSuffix=core.example",
            ("a", "k==", "https://a.queue.core.example", "https://a.blob.core.example"),
        ),
        (
            "AccountName=a;AccountKey=k;QueueEndpoint=http://q:1/a/;BlobEndpoint=http://b:2/a",
            ("a", "k", "http://q:1/a", "http://b:2/a"),
        ),
    ],
)
def test_connection_strings(text: str, account: tuple[str, ...] | None) -> None:
    assert read_connection(text) == (Account(*account) if account else None)
