"""A project made with cruft can be brought up to date when the template changes."""

import json
import subprocess
from pathlib import Path

from tests.conftest import copy_template, run_python
from tests.variants import FRAMEWORKS, PLAIN


def git(*arguments: str, cwd: Path) -> None:
    """Run git as somebody, whatever this machine's configuration is."""
    output_of(*arguments, cwd=cwd)


def output_of(*arguments: str, cwd: Path) -> str:
    """Run git as somebody, and return what it prints."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, encoding="utf-8").stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder, what a .gitignore of the template's output names included."""
    git("add", "--all", "--force", cwd=folder)
    git("commit", "--message", message, cwd=folder)


def test_cruft_creates_and_updates(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    git("init", "--initial-branch", "main", cwd=template)
    commit(template, "First")

    first, *_, last = FRAMEWORKS
    package, other = FRAMEWORKS[first]["package"], FRAMEWORKS[last]["package"]
    answers = json.dumps({**PLAIN, "framework": first, "programming_model": "v1", "project_slug": "made"})
    result = run_python("-m", "cruft", "create", template, "--no-input", "--extra-context", answers, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    project = tmp_path / "made"
    git("init", "--initial-branch", "main", cwd=project)
    mine = project / package / "mine.py"
    mine.write_text('"""Mine."""\n', encoding="utf-8")
    settings = project / "local.settings.json"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"files"', '"secret"'), encoding="utf-8")
    commit(project, "Mine")

    readme = template / "{{cookiecutter.project_slug}}" / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nNew in the template.\n", encoding="utf-8")
    (template / "{{cookiecutter.project_slug}}" / other / "more.py").write_text("x = 1\n", encoding="utf-8")
    commit(template, "Second")

    assert f"cd {project} " in result.stdout
    result = run_python("-m", "cruft", "update", "--skip-apply-ask", cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Run it" not in result.stdout
    assert (project / "README.md").read_text(encoding="utf-8").endswith("\nNew in the template.\n")
    assert mine.read_text(encoding="utf-8") == '"""Mine."""\n'
    assert not (project / other).exists()
    assert '"secret"' in settings.read_text(encoding="utf-8")
    result = run_python("-m", "cruft", "check", cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
