"""What is Django's alone: its settings here and in Azure, manage.py, migrations and static files."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import Bake, BakedProject
from tests.variants import FRAMEWORKS
from tests.workflows import run, script

pytestmark = pytest.mark.skipif("django" not in FRAMEWORKS, reason="the table has no Django")
on_linux = pytest.mark.skipif(sys.platform == "win32", reason="the workflows run on Linux")

PYTHON = "{}.{}".format(*sys.version_info)
SHOW = """
import json
import os

from django.test import RequestFactory

os.environ["DJANGO_SETTINGS_MODULE"] = "djangosite.settings"
from django.conf import settings

names = "DEBUG ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS SESSION_COOKIE_SECURE DATABASES STATIC_URL STORAGES".split()
found = {name: getattr(settings, name) for name in names}
request = RequestFactory().get("/", headers={"X-Forwarded-Proto": "https"})
print(json.dumps({**found, "is_secure": request.is_secure()}, default=str))
"""


@pytest.fixture(scope="module")
def project(bake: Bake) -> BakedProject:
    """A project under a prefix; tests must leave it as it is."""
    return bake(framework="django", route_prefix="api", python_version=PYTHON)


@pytest.fixture
def changed(project: BakedProject, tmp_path: Path) -> BakedProject:
    """A copy of it, to change."""
    return BakedProject(Path(shutil.copytree(project.path, tmp_path / "changed")))


def settings(project: BakedProject, monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, object]:
    """Return the settings with these variables."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = project.python("-c", SHOW)
    assert shown.returncode == 0, shown.stderr
    found: dict[str, object] = json.loads(shown.stdout)
    return found


def test_the_settings_module_is_short(project: BakedProject) -> None:
    assert len(project.read("djangosite/settings.py").splitlines()) <= 80


def test_in_azure_it_trusts_its_hosts_and_has_no_database_of_its_own(
    project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings(
        project,
        monkeypatch,
        DJANGO_SECRET_KEY="secret",
        WEBSITE_HOSTNAME="shop.azurewebsites.net",
        DJANGO_ALLOWED_HOSTS="shop.example, .shop.example",
    )
    assert found["DEBUG"] is False and found["SESSION_COOKIE_SECURE"] is True
    assert found["ALLOWED_HOSTS"] == ["shop.azurewebsites.net", "shop.example", ".shop.example"]
    assert found["CSRF_TRUSTED_ORIGINS"] == [
        "https://shop.azurewebsites.net", "https://shop.example", "https://*.shop.example"
    ]  # fmt: skip
    assert found["is_secure"] is True
    assert found["DATABASES"] == {"default": {}}
    assert found["STATIC_URL"] == "/api/static/"
    assert "Manifest" in str(found["STORAGES"])


def test_it_takes_the_database_that_azure_names(project: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgres://ada:s%40fe@db.postgres.database.azure.com/site?sslmode=require"
    databases = settings(project, monkeypatch, DJANGO_SECRET_KEY="secret", DATABASE_URL=url)["DATABASES"]
    assert isinstance(databases, dict)
    database = databases["default"]
    assert (database["ENGINE"], database["PASSWORD"]) == ("django.db.backends.postgresql", "s@fe")
    assert database["OPTIONS"] == {"sslmode": "require"}


def test_django_has_nothing_to_say_of_the_settings_in_azure(
    project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_DEBUG", "")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "".join(map(chr, range(40, 100))))
    monkeypatch.setenv("WEBSITE_HOSTNAME", "shop.azurewebsites.net")
    result = project.python("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


def test_here_it_answers_on_this_machine_only_and_keeps_a_file(
    project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Core Tools say this of themselves.
    found = settings(project, monkeypatch, DJANGO_DEBUG="true", WEBSITE_HOSTNAME="localhost:7071")
    assert found["DEBUG"] is True and found["SESSION_COOKIE_SECURE"] is False
    assert "localhost" in str(found["ALLOWED_HOSTS"]) and "*" not in str(found["ALLOWED_HOSTS"])
    assert str(project.path / "db.sqlite3") in str(found["DATABASES"])


@pytest.mark.parametrize("debug", ["", "false", "0"])
def test_without_a_secret_key_it_does_not_start_but_on_a_developers_machine(
    debug: str, project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_DEBUG", debug)
    result = project.python("-c", "import function_app")
    assert result.returncode == 1
    assert "Set the app setting DJANGO_SECRET_KEY, or DJANGO_DEBUG=true" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_instrumentation_that_hides_the_settings_is_refused(mode: str, bake: Bake) -> None:
    project = bake(framework="django", async_mode=mode, observability="opentelemetry")
    code = """
from opentelemetry.instrumentation.django import DjangoInstrumentor
DjangoInstrumentor().instrument()  # as the worker does before it imports the app
import function_app
"""
    result = project.python("-c", code)
    assert result.returncode == 1
    assert "OTEL_PYTHON_DJANGO_INSTRUMENT to False" in result.stderr.splitlines()[-1]


def test_manage_py_says_what_it_cannot_read(changed: BakedProject) -> None:
    (changed.path / "local.settings.json").write_text("{", encoding="utf-8")
    result = changed.python("manage.py", "check")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ERROR: local.settings.json cannot be read") and result.stderr.count("\n") == 1


def add_field(project: BakedProject) -> None:
    """Change the model, without a migration."""
    models = project.path / "djangosite" / "hello" / "models.py"
    text = models.read_text(encoding="utf-8")
    field = "    name = models.CharField(max_length=100, unique=True)\n"
    assert text.count(field) == 1
    models.write_text(text.replace(field, field + "    note = models.TextField(blank=True)\n"), encoding="utf-8")


@on_linux
def test_ci_fails_where_a_migration_is_missing(changed: BakedProject) -> None:
    step = script(changed, "Check that no migration is missing")
    names = [line.strip() for line in changed.read(".github/workflows/ci.yml").splitlines()]
    assert 'DJANGO_DEBUG: "true"' in names
    (changed.path / "local.settings.json").unlink()  # It is not in git.
    assert run(step, changed.path, DJANGO_DEBUG="true").returncode == 0
    add_field(changed)
    result = run(step, changed.path, DJANGO_DEBUG="true")
    assert result.returncode == 1 and "Add field note to greeting" in result.stdout


def test_a_new_migration_of_the_owners_passes_the_checks(changed: BakedProject) -> None:
    add_field(changed)
    changed.passes("manage", "makemigrations")
    assert "djangosite/hello/migrations/0002_greeting_note.py" in changed.files
    changed.passes("ruff", "check", "--no-cache", ".")
    changed.passes("ruff", "format", "--no-cache", "--check", "--exclude", "models.py", ".")
    changed.passes("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/test_admin.py")


@on_linux
def test_azd_migrates_the_database_that_it_has_and_no_other(changed: BakedProject) -> None:
    hooks = yaml.safe_load(changed.read("azure.yaml"))["services"]["app"]["hooks"]
    command = hooks["predeploy"]["posix"]["run"]
    before = changed.files
    assert run(command, changed.path).returncode == 0
    assert changed.files == before
    result = run(command, changed.path, DATABASE_URL=f"sqlite:///{changed.path}/azure.sqlite3")
    assert result.returncode == 0 and "Applying hello.0001_initial... OK" in result.stdout, result.stderr
    assert changed.files - before == {"azure.sqlite3"}
    assert run(command, changed.path, DATABASE_URL="sqlite:////nowhere/x.sqlite3").returncode != 0


def test_build_py_collects_the_static_files_anew(changed: BakedProject) -> None:
    old = changed.path / "staticfiles" / "old.css"
    old.parent.mkdir()
    old.touch()
    # Not installed, as that takes long; the rest is as it is.
    (changed.path / "requirements.txt").write_text("", encoding="utf-8")
    assert changed.python("build.py").returncode == 0
    built = BakedProject(changed.path / "dist" / "app").files
    assert "staticfiles/staticfiles.json" in built and "staticfiles/old.css" not in built
    assert any(name.endswith(".css.gz") for name in built)
    assert not {"manage.py", "db.sqlite3", "local.settings.json"} & built


def test_build_py_says_what_it_needs(changed: BakedProject) -> None:
    (changed.path / "django.py").write_text("raise ImportError('no Django here')", encoding="utf-8")
    result = changed.python("build.py")
    assert result.returncode == 1 and "no Django here" in result.stderr
    assert "ERROR: manage.py could not collect the static files" in result.stderr.splitlines()[-1]
    assert not (changed.path / "dist").exists()
