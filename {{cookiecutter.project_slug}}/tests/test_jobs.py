{%- set post = cookiecutter._frameworks[cookiecutter.framework].apps[cookiecutter.__interface].test_client.post | default("json=%s") -%}
{%- set json = cookiecutter._frameworks[cookiecutter.framework].apps[cookiecutter.__interface].test_client.json -%}
{% if cookiecutter.jobs == "queue" and cookiecutter.__sample -%}
import json
import logging

import azure.functions as func
import pytest

from jobs import on_message


def test_answers_with_the_id_of_the_job(client, monkeypatch):
    sent = []

    def send(job, traceparent):
        sent.append(job)
        return "17"

    monkeypatch.setattr("{{ cookiecutter.__package }}.work.send", send)
    response = client.post("/jobs", {{ post % '{"name": "José"}' }})
    assert response.status_code == 202
    assert response.{{ json }} == {"id": "17"}
    assert sent == [{"name": "José"}]


@pytest.mark.parametrize("posted", [None, [], {}, {"name": ""}, {"name": 1}])
def test_refuses_a_job_without_a_name(client, posted):
    assert client.post("/jobs", {{ post % "posted" }}).status_code in (400, 422)


{% elif cookiecutter.jobs == "queue" -%}
import json
import logging

import azure.functions as func

from jobs import on_message


{% else -%}
import logging

import azure.functions as func

from jobs import on_schedule


{% endif -%}
{% if cookiecutter.jobs == "queue" -%}
def test_does_a_job(caplog):
    caplog.set_level(logging.INFO)
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = json.dumps({"name": "José", "traceparent": traceparent}).encode()
    on_message(message=func.QueueMessage(id="17", body=body))
    assert "Hello, José! This is job 17 of trace 0af7651916cd43dd8448eb211c80319c." in caplog.messages
{%- else -%}
class LateTimer(func.TimerRequest):
    past_due = True


def test_does_what_is_due(caplog):
    caplog.set_level(logging.INFO)
    on_schedule(timer=LateTimer())
    assert "It is time again, and late." in caplog.messages
{%- endif %}
