"""The commands that the generated README gives for running the app without Core Tools."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import cookiecutter.main
import pytest

from functions_host.custom_handler import free_port
from tests.conftest import Bake
from tests.variants import ANSWERS, FRAMEWORKS, PLAIN, TEMPLATE, frameworks_with, python_for

APPS = [(framework, interface) for framework, row in FRAMEWORKS.items() for interface in row["apps"]]


def get(url: str, process: "subprocess.Popen[bytes]", log: Path) -> bytes:
    """Return what is at a URL, as soon as the server answers."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                body: bytes = response.read()
                return body
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.platform == "win32", reason="ends the server and its reloader as a process group")
@pytest.mark.parametrize(("framework", "interface"), APPS)
def test_own_server(framework: str, interface: str, bake: Bake, tmp_path: Path) -> None:
    row = FRAMEWORKS[framework]
    mode = next(mode for mode, served_by in row["interfaces"].items() if served_by == interface)
    project = bake(framework=framework, async_mode=mode, route_prefix="api")
    command = row["apps"][interface]["server"].format(app=row["apps"][interface]["app"].format(package=row["package"]))
    assert f"\n{command}\n" in project.read("README.md")
    assert command.count("8000") == 1
    port = free_port()
    python, *arguments = shlex.split(command.replace("8000", str(port)))
    assert python == "python"
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *arguments],
            cwd=project.path,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        ) as process,
    ):
        try:
            body = get(f"http://127.0.0.1:{port}/hello/{quote('José')}", process, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert b"Hello, Jos" in body


@pytest.mark.parametrize(
    ("template", "source"),
    [
        ("gh:octo/func-web", "git+https://github.com/octo/func-web"),
        ("https://git.example/octo/func-web.git", "git+https://git.example/octo/func-web.git"),
        ("https://octo:token@git.example/func-web", '"<func-web>"'),
        ("https://git.example/func-web.zip", '"<func-web>"'),
        (str(TEMPLATE), '"<func-web>"'),
    ],
)
def test_the_local_host_comes_from_where_the_template_came_from(
    template: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cookiecutter.main, "determine_repo_dir", lambda **_: (str(TEMPLATE), False))
    config = tmp_path / "config.yaml"
    config.write_text(f"replay_dir: '{tmp_path / 'replay'}'\n", encoding="utf-8")  # not into the user's home
    project = cookiecutter.main.cookiecutter(
        template, no_input=True, extra_context=PLAIN, config_file=str(config), output_dir=str(tmp_path)
    )
    readme = Path(project, "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^uvx --python \S+ --from (.+) functions-host \.$", readme, re.MULTILINE) == [source]
    assert ("For `<func-web>` use" in readme) == ("<" in source)
    assert "token" not in readme.partition("## Test")[0]
    assert str(TEMPLATE) not in readme


@pytest.mark.parametrize("version", ANSWERS["python_version"])
def test_the_local_host_runs_on_the_project_s_python_or_the_oldest_it_can(version: str, bake: Bake) -> None:
    readme = bake(python_version=version).read("README.md")
    python = version if version not in ("3.11", "3.12") else "3.13"
    assert re.findall(r"^uvx --python (\S+) ", readme, re.MULTILINE) == [python]
    assert ("It needs Python 3.13" in readme) == (python != version)


@pytest.mark.parametrize("framework", frameworks_with("nest_asyncio")[:1])
def test_nothing_is_said_of_the_local_host_where_it_cannot_serve(framework: str, bake: Bake) -> None:
    project = bake(framework=framework, async_mode="nest_asyncio", python_version=python_for("nest_asyncio"))
    assert "functions-host" not in project.read("README.md")
