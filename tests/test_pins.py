"""The pins in workflows and template agree, and their renewal finds the newest releases and changes nothing else."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests import pins
from tests.test_update import git, output_of
from tests.variants import PROJECT, TEMPLATE
from tests.wheels import write_wheel

WORKFLOWS = [*TEMPLATE.glob(".github/workflows/*.yml"), *PROJECT.glob(".github/workflows/*.yml")]


@pytest.mark.parametrize("kind", pins.KINDS, ids=lambda kind: kind.newest.__name__)
def test_what_stands_in_several_files_is_pinned_alike(kind: pins.Kind) -> None:
    found = kind.found(TEMPLATE)
    assert len(found) > 1
    assert not {name: each for name, each in found.items() if len(each) > 1}


def test_every_action_is_pinned() -> None:
    actions = pins.KINDS[0].found(TEMPLATE)
    used = [use for path in WORKFLOWS for use in re.findall(r"\buses: (\S+)", path.read_text(encoding="utf-8"))]
    assert {use.partition("@")[0] for use in used if not use.startswith("$/")} == set(actions)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of every file of this repository that has pins."""
    copy = tmp_path / "copy"
    for kind in pins.KINDS:
        for path in kind.paths(TEMPLATE):
            target = copy / path.relative_to(TEMPLATE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return copy


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Newer releases of everything, made here, and the commit that those of the actions have.

    Each action has an older release too, an annotated tag for the newest, a pre-release and a branch-like tag.
    """
    pins.newest_tag.cache_clear()
    pins.newest_package.cache_clear()
    action = tmp_path / "action"
    action.mkdir()
    git("init", cwd=action)
    for tag in ("v0.9.0", "v99.9.10", "v100.0.0-rc.1", "v100"):
        git("commit", "--allow-empty", "--message", tag, cwd=action)
        git("tag", "--annotate", "--message", tag, tag, cwd=action)
    git("tag", "v99.9.9", cwd=action)
    for name in pins.KINDS[0].found(TEMPLATE):
        repository = tmp_path / "repositories" / name
        repository.parent.mkdir(parents=True, exist_ok=True)
        repository.symlink_to(action)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in pins.KINDS[1].found(TEMPLATE):
        write_wheel(wheels, name, "41.2", "py3-none-any", {})
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho 77.8.9\n", encoding="utf-8")
    npm.chmod(0o755)
    variables = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(tmp_path / 'repositories').as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels),
        "PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return output_of("rev-parse", "v99.9.10^{commit}", cwd=action).strip()


@pytest.mark.skipif(sys.platform == "win32", reason="npm is a shell script here")
def test_the_newest_releases_are_written_everywhere_and_nothing_else_changes(copy: Path, releases: str) -> None:
    before = {path: path.read_text(encoding="utf-8") for path in copy.rglob("*") if path.is_file()}
    changes = pins.renew(copy)
    pinned = {name: each for kind in pins.KINDS for name, each in kind.found(copy).items()}
    assert len(changes) == len(pinned)
    assert pinned["actions/checkout"] == {f"{releases} # v99.9.10"}
    assert pinned["mypy"] == {">=1.18,<42"}
    assert pinned["azure-functions-core-tools"] == {"77"}
    assert pinned["azurite"] == {"77.8.9"}
    assert any(change.endswith(f"{releases} # v99.9.10 now") for change in changes)

    def without_pins(text: str) -> str:
        for kind in pins.KINDS:
            text = kind.pattern.sub(lambda match: match["name"], text)
        return text

    assert {path: without_pins(path.read_text(encoding="utf-8")) for path in before} == {
        path: without_pins(text) for path, text in before.items()
    }
    assert pins.renew(copy) == []


@pytest.mark.skipif(sys.platform == "win32", reason="npm is a shell script here")
def test_a_pin_that_is_newer_than_the_newest_release_stays(copy: Path, releases: str) -> None:
    workflow = copy / ".github" / "workflows" / "ci.yml"
    pin = f"{'a' * 40} # v100.0.1"
    workflow.write_text(re.sub(r"[0-9a-f]{40} # v[\d.]+", pin, workflow.read_text(encoding="utf-8")), encoding="utf-8")
    pins.renew(copy)
    assert set(re.findall(r"[0-9a-f]{40} # \S+", workflow.read_text(encoding="utf-8"))) == {pin}


@pytest.mark.skipif(sys.platform == "win32", reason="npm is a shell script here")
def test_nothing_is_changed_where_a_release_cannot_be_told(copy: Path, releases: str, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    (tmp_path / "repositories" / "azure" / "login").unlink()
    with pytest.raises(pins.PinError, match=r"(?s)git ls-remote --tags https://github\.com/azure/login` failed"):
        pins.renew(copy)
    assert {path: path.read_bytes() for path in before} == before
