"""The weekly check with a fake release, which it has to blame. What else it installs comes from the package index."""

import importlib.metadata
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.drift import __main__ as drift
from tests.drift import versions
from tests.drift.projects import Project
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant
from tests.wheels import write_wheel

on_linux = pytest.mark.skipif(sys.platform == "win32", reason="it runs on Linux")
with_bottle = pytest.mark.skipif("bottle" not in FRAMEWORKS, reason="the template has no Bottle")
PYTHON = "{}.{}".format(*sys.version_info)


@on_linux
@with_bottle
def test_a_fake_release_that_breaks_a_framework_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest Bottle is a fake one, whose apps send text."""
    links = tmp_path / "links"
    links.mkdir()
    text = Path(str(importlib.metadata.distribution("bottle").locate_file("bottle.py"))).read_text(encoding="utf-8")
    broken = text.replace(
        "return self.wsgi(environ, start_response)", "return map(str, self.wsgi(environ, start_response))"
    )
    for version, content in (("0.13.99", broken), ("0.99.0", text)):
        write_wheel(links, "bottle", version, "py3-none-any", {"bottle.py": content})
    variant = Variant(PLAIN).but(framework="bottle", async_mode="sync", python_version=PYTHON)
    name = Project(variant).name
    monkeypatch.setattr(drift, "chosen", lambda *_: [Project(variant, steps=["pytest"])])
    for variable in ("UV_FIND_LINKS", "PIP_FIND_LINKS", "UV_CONSTRAINT", "PIP_CONSTRAINT"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))  # and put back what it was
    constraint = tmp_path / "constraint.txt"
    pyproject = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    tested = {**versions.pinned(pyproject, PYTHON), "waitress": "3.0.1", "bottle": "99"}
    lines = [f"{name}<={version}" for name, version in tested.items()]  # of all others today's releases do not matter
    constraint.write_text("\n".join(lines), encoding="utf-8")
    assert drift.main(["bottle", "--find-links", str(links), "--constraint", str(constraint)]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(f"# Drift: {name} fails because of bottle 0.13.99; bottle 0.99.0 held back\n")
    pin = importlib.metadata.version("bottle")
    assert f"**bottle 0.13.99** breaks it, with bottle {pin} it passes." in printed
    assert re.search(r"^`pytest`:\n\n```text\n(.*\n)*?FAILED tests/test_app\.py::", printed, re.MULTILINE)
    assert (
        f"| bottle | {pin} | **0.13.99** | 0.99.0 | held back by `{FRAMEWORKS['bottle']['requirement']}` |" in printed
    )
    assert re.search(
        r"^\| waitress \| .* \| 3\.0\.1 \| .* \| held back by no requirement, but this run \|$", printed, re.M
    )
    assert f"- {name}: **pytest failed**\n- {name}-bottle==0.99.0: passed\n" in printed
    assert str(tmp_path) not in printed
