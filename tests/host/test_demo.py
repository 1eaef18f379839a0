"""The demo that the README offers."""

import subprocess
import sys
import time

import httpx2
import pytest

from functions_host.client import environment, stop
from tests.conftest import run_python
from tests.variants import PLAIN, TEMPLATE, frameworks_with, refused_combinations

REFUSED = refused_combinations()[0]


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, "/hello/José"),
        ({"programming_model": "v1", "route_prefix": "api"}, "/api/hello/José"),
        *(
            ({"framework": name, "async_mode": "nest_asyncio", "python_version": "3.12"}, "/hello/José")
            for name in frameworks_with("nest_asyncio")[:1]
        ),
    ],
)
def test_demo_serves_what_was_asked_for(answers: dict[str, str], path: str) -> None:
    arguments = [f"{question}={answer}" for question, answer in {**PLAIN, **answers}.items()]
    command = [sys.executable, "demo.py", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=TEMPLATE, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Listening on "):
                break
        try:
            url = lines[-1].split()[2]
            deadline = time.monotonic() + 30
            while True:
                try:
                    assert httpx2.get(url + path, trust_env=False).json() == {"message": "Hello, José!"}
                    break
                except httpx2.ConnectError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
        finally:
            stop(process)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["flask"], "'flask' is not question=answer"),
        (["framwork=flask"], "'framwork' is not a question; these are: project_name, "),
        (["framework=nothing"], "nothing provided for choice variable framework"),
        (
            [f"{question}={answer}" for question, answer in REFUSED.answers.items()],
            f"async_mode '{REFUSED.mode}' does not",
        ),
    ],
)
def test_demo_says_what_it_cannot_do(arguments: list[str], error: str) -> None:
    result = run_python("demo.py", *arguments, cwd=TEMPLATE)
    assert result.returncode in (1, 2)
    assert error in result.stderr
    assert "Traceback" not in result.stderr
