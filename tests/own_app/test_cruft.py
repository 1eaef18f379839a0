"""A project that was baked into the folder of an app can be linked to the template, and updated."""

import json
from pathlib import Path

from tests.conftest import copy_template, run_python
from tests.own_app.conftest import OWN, put_site
from tests.own_app.test_into_a_folder import bake_into, write
from tests.test_update import commit, git
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant


def test_cruft_remembers_the_answers_and_leaves_the_owners_files(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    git("init", "--initial-branch", "main", cwd=template)
    commit(template, "First")

    answers = {**PLAIN, "framework": OWN, "async_mode": "sync", "app": "wsgi_site:application"}
    folder = tmp_path / "our-site"
    ours = {"README.md": "# Ours\n", "requirements.txt": "ours\n", "build.py": "ours = True\n"}
    write(folder, ours)
    put_site(folder, Variant(answers))
    bake_into(folder, Variant(answers))
    git("init", "--initial-branch", "main", cwd=folder)
    commands = (TEMPLATE / "docs" / "your-own-app.md").read_text(encoding="utf-8")
    assert "cruft link" in commands and "--extra-context" in commands
    given = json.dumps({**answers, "project_slug": folder.name})
    result = run_python("-m", "cruft", "link", template, "--no-input", "--extra-context", given, cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    state = json.loads((folder / ".cruft.json").read_text(encoding="utf-8"))
    assert answers.items() <= state["context"]["cookiecutter"].items()
    state["skip"] = [*ours]
    (folder / ".cruft.json").write_text(json.dumps(state), encoding="utf-8")
    commit(folder, "Ours")

    sample = next(iter(FRAMEWORKS.values()))["package"]
    project = template / "{{cookiecutter.project_slug}}"
    for name in (*ours, "funcweb/route.py", f"{sample}/__init__.py"):
        path = project / name
        path.write_text(path.read_text(encoding="utf-8") + "# New in the template.\n", encoding="utf-8")
    commit(template, "Second")
    result = run_python("-m", "cruft", "update", "--skip-apply-ask", cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / "funcweb" / "route.py").read_text(encoding="utf-8").endswith("# New in the template.\n")
    assert {name: (folder / name).read_text(encoding="utf-8") for name in ours} == ours
    assert not [*folder.rglob("*.rej"), *folder.glob("*app")]
    assert json.loads((folder / ".cruft.json").read_text(encoding="utf-8"))["skip"] == [*ours]
