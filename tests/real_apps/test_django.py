"""What `django-admin startproject` makes: its admin, by WSGI and by ASGI, as a browser uses it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.real_apps.conftest import browser, root_of, serve_app

# Without a prefix /admin is the Functions host's.
PATHS = {"": "backstage", "api": "admin"}


def start_project(folder: Path, prefix: str) -> None:
    """Make a project with a superuser, and the settings that docs/your-own-app.md names."""
    folder.mkdir()

    def run(*arguments: str) -> None:
        environment = {**os.environ, "DJANGO_SUPERUSER_PASSWORD": "secret", "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True)

    run("-m", "django", "startproject", "mysite", ".")
    urls = folder / "mysite" / "urls.py"
    urls.write_text(urls.read_text(encoding="utf-8").replace("'admin/'", f"'{PATHS[prefix]}/'"), encoding="utf-8")
    if prefix:
        with (folder / "mysite" / "settings.py").open("a", encoding="utf-8") as settings:
            settings.write(f'\nSTATIC_URL = "/{prefix}/static/"\nFORCE_SCRIPT_NAME = "/{prefix}"\n')
    run("manage.py", "migrate")
    run("manage.py", "createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org")


def token(page: requests.Response) -> str:
    """Return the hidden token of a form."""
    found: str = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
    return found


@pytest.mark.parametrize(
    ("mode", "module"),
    [
        ("sync", "wsgi"),
        ("async", "asgi"),
        ("streaming", "asgi"),
        ("sync on its own server", "wsgi"),
        ("async on its own server", "asgi"),
    ],
)
def test_sign_in_and_save(mode: str, module: str, prefix: str, tmp_path: Path) -> None:
    folder = tmp_path / "our-site"
    start_project(folder, prefix)
    before = {path: path.read_bytes() for path in folder.rglob("*.py")}
    app = f"mysite.{module}:application"
    with serve_app(folder, app, mode, prefix) as host, browser() as session:
        assert {path: path.read_bytes() for path in before} == before
        admin = f"{root_of(host, prefix)}/{PATHS[prefix]}"
        sign_in = session.get(f"{admin}/")
        assert sign_in.url == f"{admin}/login/?next={admin.removeprefix(host.url)}/"
        assert session.post(sign_in.url, data={"username": "ada", "password": "secret"}).status_code == 403
        answers = {"username": "ada", "password": "secret", "csrfmiddlewaretoken": token(sign_in)}
        home = session.post(sign_in.url, data=answers)
        assert home.url == f"{admin}/" and "Site administration" in home.text
        add = session.get(f"{admin}/auth/group/add/")
        saved = session.post(add.url, data={"name": "Zürich", "csrfmiddlewaretoken": token(add)})
        assert saved.url == f"{admin}/auth/group/" and "was added successfully" in saved.text
        assert "Zürich" in session.get(f"{admin}/auth/group/?q=Z%C3%BC").text
        assert session.get(f"{admin}/nowhere/").status_code == 404
