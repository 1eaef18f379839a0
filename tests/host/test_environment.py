"""The environment that the host makes for an app whose requirements are not installed beside it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functions_host import client, environment
from functions_host.errors import HostError
from tests.wheels import write_wheel

from . import apps
from .conftest import Write


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this Python have `made` 1.0, whose extra `full` it has and whose extra `more` it lacks."""
    for name, requires in (
        ("made", "Requires-Dist: part>=2; extra == 'full'\nRequires-Dist: absent; extra == 'more'\n"),
        ("part", ""),
    ):
        folder = tmp_path / "packages" / f"{name}-2.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n{requires}")
    monkeypatch.syspath_prepend(tmp_path / "packages")


@pytest.mark.usefixtures("distributions")
@pytest.mark.parametrize(
    ("requirements", "met"),
    [
        ("", True),
        ("# a comment\n\nMade>=1.5  # another\n", True),
        ("made>=1.5, \\\n  <3\r\n", True),
        ("\ufeffmade==2.0", True),
        ("made[full]", True),
        ("absent; python_version < '3'", True),
        ("made\nabsent", False),
        ("made<2", False),
        ("made[full,more]", False),
        ("made @ https://example.org/made-2.0.tar.gz", False),
        ("made==2.0 --hash=sha256:00", False),
        ("-r other.txt", False),
        ("./made", False),
    ],
)
def test_this_python_has_what_requirements_txt_names(tmp_path: Path, requirements: str, met: bool) -> None:
    (tmp_path / "requirements.txt").write_text(requirements, encoding="utf-8", newline="")
    assert environment.has_requirements(tmp_path) == met


def test_a_requirements_txt_in_the_encoding_of_powershell_is_left_to_the_installer(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pytest", encoding="utf-16")
    assert not environment.has_requirements(tmp_path)


@pytest.mark.parametrize(
    ("requirements", "lacks"),
    [
        ("flask\n", True),
        ("azure-functions-durable\nazure_functions_more\n", True),
        ("# azure-functions\n", True),
        ("Azure_Functions>=2,<3; python_version >= '3.13'\n", False),
        ("azure-functions==2.3.0 --hash=sha256:00\n", False),
        ("-r other.txt\n", False),
    ],
)
def test_an_app_that_does_not_require_azure_functions_is_found(tmp_path: Path, requirements: str, lacks: bool) -> None:
    assert not environment.lacks_azure_functions(tmp_path)
    (tmp_path / "requirements.txt").write_text(requirements, encoding="utf-8")
    (tmp_path / "other.txt").write_text("azure-functions\n", encoding="utf-8")
    assert environment.lacks_azure_functions(tmp_path) == lacks


def test_its_owner_is_warned(write: Write) -> None:
    path = write({"requirements.txt": "h11\n", "function_app.py": apps.PLAIN})
    with client.serve(path) as host:
        assert host.log.startswith("warning: requirements.txt does not name azure-functions, which Azure needs.\n")


def test_an_app_without_requirements_txt_needs_no_environment_but_a_new_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment.has_requirements(tmp_path)
    monkeypatch.setattr(environment, "MINIMUM_PYTHON", (3, 99))
    assert not environment.has_requirements(tmp_path)


@pytest.fixture
def app(uv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an app that requires `tiny`, by way of a second file; the host itself requires nothing here."""
    monkeypatch.setenv("UV", uv)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environment, "_own_requirements", list)
    wheel = write_wheel(tmp_path, "tiny", "1.0", "py3-none-any", {"tiny.py": ""})
    apps.write(tmp_path / "app", {"requirements.txt": "-r more.txt\n", "more.txt": f"{wheel}\n"})
    return tmp_path / "app"


def imports(python: Path, *modules: str) -> bool:
    """Tell whether a Python can import all of these."""
    command = [str(python), "-P", "-c", f"import {', '.join(modules)}"]
    return subprocess.run(command, cwd=python.parent, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_either_installer_makes_it(
    app: Path, installer: str, uv: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "find_uv", lambda folder: uv if installer == "uv" else None)
    python = environment.make(app)
    assert imports(python, "tiny", "functions_host.errors")
    assert f"Installing what {app} needs into " in (said := capsys.readouterr().out)
    assert said.endswith(f" with {installer}.\n")


def test_it_is_reused_until_a_file_that_it_depends_on_changes(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = environment.make(app)
    assert capsys.readouterr().out
    assert environment.make(app) == python
    assert not capsys.readouterr().out

    (app / "more.txt").write_text("")
    assert environment.make(app) == python
    assert capsys.readouterr().out
    assert not imports(python, "tiny"), "what is no longer required is gone"

    shutil.rmtree(python.parent)
    environment.make(app)
    assert imports(python, "functions_host.errors"), "it is repaired"


def test_two_apps_of_one_name_have_an_environment_each(app: Path, tmp_path: Path) -> None:
    other = shutil.copytree(app, tmp_path / "other" / app.name)
    assert environment.make(app) != environment.make(other)


def test_a_python_that_is_too_old_is_named_where_no_other_is_found(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "MINIMUM_PYTHON", (3, 99))
    monkeypatch.setattr(environment, "find_uv", lambda folder: None)
    with pytest.raises(HostError, match=r"need Python 3\.99 or later, and this is 3\..*install uv"):
        environment.make(app)


def test_a_cache_that_cannot_be_written_is_named(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(HostError, match=f"No environment can be made for {app} in {tmp_path / 'file'}"):
        environment.make(app)


def start(path: Path, cache: Path, **variables: str) -> subprocess.Popen[str]:
    """Start the host as a person does, with a cache of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "functions_host", str(path), "--port", "0"],
        env=client.environment({"XDG_CACHE_HOME": str(cache), **variables}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_requirements_that_cannot_be_installed_are_one_sentence_and_leave_nothing(
    write: Write, uv: str, tmp_path: Path
) -> None:
    path = write({"requirements.txt": "./missing", "function_app.py": apps.PLAIN})
    output, errors = (process := start(path, tmp_path, UV=uv)).communicate(timeout=60)
    assert process.returncode == 1
    assert output.startswith(f"Installing what {path} needs into {tmp_path}")
    reason, _, sentence = errors.partition("\nerror: What ")
    assert "missing" in reason
    assert sentence.startswith(f"{path} needs could not be installed beside ")
    assert "--no-install" in sentence and sentence.count("\n") == 1
    assert not [entry for entry in (tmp_path / "functions-host").iterdir() if entry.is_dir()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_installs_leaves_nothing(write: Write, tmp_path: Path, number: signal.Signals) -> None:
    slow = tmp_path / "uv"
    slow.write_text('#!/bin/sh\n[ "$1" = --version ] && exit\nmkdir "$6" && echo made && exec sleep 60\n')
    slow.chmod(0o755)
    path = write({"requirements.txt": "absent", "function_app.py": apps.PLAIN})
    with start(path, tmp_path, UV=str(slow)) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Installing what ")
            assert process.stdout.readline() == "made\n"
            made = [entry for entry in (tmp_path / "functions-host").iterdir() if entry.is_dir()]
            assert made
            os.kill(process.pid, number)
            assert process.wait(10) == 128 + number
        finally:
            process.kill()
        assert not made[0].exists()
        assert process.stderr is not None
        assert not process.stderr.read()
