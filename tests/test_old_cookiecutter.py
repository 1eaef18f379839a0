"""A Cookiecutter that is too old is told so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.variants import TEMPLATE

VERSION = "1.7.3"


@pytest.fixture
def old_cookiecutter(tmp_path: Path) -> Path:
    """A folder with an old Cookiecutter and what it needs, which is kept for the next time."""
    cache = TEMPLATE / ".cache" / f"cookiecutter-{VERSION}"
    if not cache.exists():
        new = tmp_path / "packages"
        install = ["pip", "install", "--quiet", "--no-warn-conflicts", "--retries", "1", "--target", str(new)]
        result = subprocess.run(
            [sys.executable, "-m", *install, f"cookiecutter=={VERSION}"], stderr=subprocess.PIPE, text=True, check=False
        )
        if result.returncode != 0:
            assert not os.environ.get("REQUIRE_ALL_TESTS"), result.stderr
            pytest.skip(f"Cookiecutter {VERSION} cannot be installed")
        cache.parent.mkdir(exist_ok=True)
        shutil.move(new, cache)
    return cache


def test_cookiecutter_1_is_refused_in_a_sentence(old_cookiecutter: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    result = subprocess.run(
        [sys.executable, "-S", "-m", "cookiecutter", "--no-input", "--default-config", TEMPLATE],  # -S hides our own
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(old_cookiecutter)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    sentence = f"ERROR: Cookiecutter {VERSION} is too old for this template, which needs 2.1 or later: "
    assert result.stderr.startswith(sentence)
    assert list(folder.iterdir()) == []
