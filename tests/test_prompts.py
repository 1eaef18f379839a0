"""The questions, as Cookiecutter asks them in a terminal."""

import re
from pathlib import Path

import pytest

from tests.conftest import run_python
from tests.variants import CONTEXT, TEMPLATE


def test_no_question_or_label_is_wider_than_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "999")  # or Cookiecutter wraps them itself
    arguments = ("-m", "cookiecutter", "--default-config", TEMPLATE)
    result = run_python(*arguments, cwd=tmp_path, input="\n" * len(CONTEXT))
    assert result.returncode == 0, result.stderr
    asked = result.stdout.partition("Made ")[0]
    lines = re.split(r"\n|(?=  \[\d+/\d+\] )", asked)  # no terminal echoes the ends of the answers
    choices = [prompt for prompt in CONTEXT["__prompts__"].values() if isinstance(prompt, dict)]
    labels = [label for choice in choices for label in choice.values()]
    assert all(any(label in line for line in lines) for label in labels)
    assert [line for line in lines if len(line) > 80] == []
