"""A release is what its tag, cookiecutter.json and CHANGELOG.md all say, and can be baked by its tag."""

import json
import re
from pathlib import Path

import pytest

from tests import release
from tests.conftest import copy_template, run_python
from tests.test_update import commit, git
from tests.variants import CONTEXT, TEMPLATE

CHANGELOG = """\
# Changelog

## Unreleased

## 1.1.0 - 2026-12-24

### Added

- A thing.

## 1.0.0 - 2026-11-28

- All.
"""


def test_the_notes_are_those_of_the_version() -> None:
    assert release.notes("v1.1.0", "1.1.0", CHANGELOG) == "### Added\n\n- A thing."
    assert release.notes("v1.0.0", "1.0.0", CHANGELOG) == "- All."


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "message"),
    [
        ("v1.1.1", "1.1.0", CHANGELOG, "the tag is 'v1.1.1', but _version in cookiecutter.json is '1.1.0'"),
        ("1.1.0", "1.1.0", CHANGELOG, "the tag is '1.1.0'"),
        ("v1.1.1", "1.1.1", CHANGELOG, "CHANGELOG.md says nothing of 1.1.1"),
        ("v1.1", "1.1", CHANGELOG, "CHANGELOG.md says nothing of 1.1:"),
        ("v1.1.0", "1.1.0", CHANGELOG.replace("Unreleased\n", "Unreleased\n\n- New.\n"), "under 'Unreleased'"),
        ("v1.1.0", "1.1.0", CHANGELOG.replace("2026-12-24", "soon"), "CHANGELOG.md says nothing of 1.1.0"),
    ],
)
def test_what_does_not_agree_is_no_release(tag: str, version: str, changelog: str, message: str) -> None:
    with pytest.raises(release.ReleaseError, match=re.escape(message)):
        release.notes(tag, version, changelog)


def test_the_command_says_what_is_wrong() -> None:
    result = run_python("-m", "tests.release", "v0.0.0", cwd=TEMPLATE)
    assert result.returncode == 2 and not result.stdout
    assert "error: the tag is 'v0.0.0'" in result.stderr


def test_the_changelog_has_each_version_once_and_the_newest_first() -> None:
    titles = re.findall(r"^## (.+)$", release.CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles[0] == "Unreleased"
    versions = [tuple(map(int, title.partition(" - ")[0].split("."))) for title in titles[1:]]
    assert versions == sorted(set(versions), reverse=True)


def test_an_older_release_is_baked_by_its_tag(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    git("init", "--initial-branch", "main", cwd=template)
    tag = f"v{CONTEXT['_version']}"
    commit(template, "Release")
    git("tag", tag, cwd=template)
    table = template / "cookiecutter.json"
    newer = {**json.loads(table.read_text(encoding="utf-8")), "_version": "99.0.0"}
    table.write_text(json.dumps(newer), encoding="utf-8")
    commit(template, "Next")
    git("clone", "--bare", str(template), "published.git", cwd=tmp_path)
    url = (tmp_path / "published.git").as_uri()
    for program, arguments in (("cookiecutter", ["--default-config"]), ("cruft", ["create"])):
        folder = tmp_path / program
        folder.mkdir()
        command = ["-m", program, *arguments, url, "--no-input", "--checkout", tag]
        result = run_python(*command, cwd=folder, variables={"HOME": str(folder)})
        assert result.returncode == 0, result.stdout + result.stderr
        (about,) = folder.glob("*/funcweb/__init__.py")
        assert CONTEXT["_version"] in about.read_text(encoding="utf-8")
