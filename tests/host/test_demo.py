"""The demo that the README offers."""

import re
import subprocess
import sys
import tempfile
import time

import httpx2
import pytest

import demo
from functions_host.client import environment, stop
from tests.conftest import run_python
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, frameworks_with, refused_combinations

REFUSED = refused_combinations()[0]


def get(url: str) -> httpx2.Response:
    """Get a URL of a server that says that it listens a moment before it does."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx2.get(url, trust_env=False)
        except httpx2.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"programming_model": "v1", "route_prefix": "api"},
        *(
            {"framework": name, "async_mode": "nest_asyncio", "python_version": "3.12"}
            for name in frameworks_with("nest_asyncio")[:1]
        ),
        *({"framework": name, "route_prefix": "api"} for name, row in FRAMEWORKS.items() if "endpoint" in row),
    ],
)
def test_demo_serves_what_was_asked_for_and_prints_where(answers: dict[str, str]) -> None:
    answers = {**PLAIN, **answers}
    arguments = [f"{question}={answer}" for question, answer in answers.items()]
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
            output = "".join(lines)
            assert "{*route}" not in output and tempfile.gettempdir() not in output
            root = lines[-1].split()[2]
            urls = re.findall(r"^Open (.+)$", output, re.MULTILINE)
            root += f"/{answers['route_prefix']}".rstrip("/")
            assert urls == [root + path for path in demo.examples(answers)]
            endpoint = FRAMEWORKS[answers["framework"]].get("endpoint")
            assert re.findall(r"^Connect clients to (.+)$", output, re.MULTILINE) == (
                [root + endpoint] if endpoint else []
            )
            replies = [get(url) for url in urls]
            assert replies[0].json() == {"message": "Hello, Ada!"}
            assert all(reply.status_code == 200 for reply in replies)
        finally:
            stop(process)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_demo_knows_what_else_a_browser_can_open(framework: str) -> None:
    row = FRAMEWORKS[framework]
    docs = [path for path in [row["docs"]] if path]
    stream = ["/stream"] if row["auto"] == "streaming" else []
    assert demo.examples({"framework": framework}) == ["/hello/Ada", *docs, *stream]
    assert demo.examples({"framework": framework, "async_mode": "streaming"}) == ["/hello/Ada", *docs, "/stream"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["flask"], "'flask' is not question=answer"),
        (["framwork=flask"], "'framwork' is not a question; these are: project_name, "),
        (["framework=custom", "async_mode=sync", "app=my:app"], "framework=custom has no sample to serve"),
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
