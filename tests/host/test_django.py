"""Django's admin and static files over HTTP, with the settings that the site has in Azure."""

import re
import shutil
from collections.abc import Iterator
from http.cookies import SimpleCookie
from itertools import product
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from functions_host.client import RunningHost, serve
from tests.conftest import Bake
from tests.variants import FRAMEWORKS

pytestmark = pytest.mark.skipif("django" not in FRAMEWORKS, reason="the table has no Django")

PASSWORD = "correct horse battery staple"
AZURE = {
    "DJANGO_DEBUG": "",
    "DJANGO_SECRET_KEY": "x" * 50,
    "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Browser:
    """Keeps cookies, also those for TLS, and sends the Origin that a browser would through Azure's front end."""

    def __init__(self, host: RunningHost, root_path: str) -> None:
        self.cookies: SimpleCookie = SimpleCookie()
        self.host = host
        self.root_path = root_path
        self.client = httpx2.Client(base_url=host.url, trust_env=False, timeout=30)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Get a page, at a path from the root of the server."""
        return self.keep(self.client.get(path, headers={**self.headers(), **headers}))

    def post(self, path: str, **form: str) -> httpx2.Response:
        """Post a form."""
        headers = {**self.headers(), "Origin": "https://127.0.0.1"}
        return self.keep(self.client.post(path, data=form, headers=headers))

    def headers(self) -> dict[str, str]:
        """Return what goes with each request."""
        cookies = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in self.cookies.items())
        return {"X-Forwarded-Proto": "https", **({"Cookie": cookies} if cookies else {})}

    def keep(self, response: httpx2.Response) -> httpx2.Response:
        """Keep the cookies."""
        for cookie in response.headers.get_list("set-cookie"):
            assert re.search(r"(?i); (secure|max-age=0)\b", cookie), cookie
            self.cookies.load(cookie)
        return response


def token(page: httpx2.Response) -> str:
    """Return the CSRF token of a form."""
    (found,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text))
    return str(found)


class Site(NamedTuple):
    """What all the sites have: a database with a superuser, and the static files."""

    database: Path
    static_files: Path


@pytest.fixture(scope="module")
def site(bake: Bake) -> Site:
    """Make them with the commands of a project."""
    project = bake(framework="django")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        project.passes("manage", "migrate", "--verbosity", "0")
        project.passes("manage", "createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org")
    assert project.python("-c", "import build; build.collect_static_files()").returncode == 0
    return Site(project.path / "db.sqlite3", project.path / "staticfiles")


@pytest.fixture(params=list(product(["sync", "streaming"], ["", "api"])), ids="-".join)
def browser(request: pytest.FixtureRequest, site: Site, bake: Bake, tmp_path: Path) -> Iterator[Browser]:
    """Serve a site and open it."""
    mode, prefix = request.param
    project = bake(framework="django", async_mode=mode, route_prefix=prefix)
    shutil.copytree(site.static_files, project.path / "staticfiles")
    database = shutil.copy(site.database, tmp_path / "db.sqlite3")
    with serve(project.path, env={**AZURE, "DATABASE_URL": f"sqlite:///{database}"}) as host:
        browser = Browser(host, f"/{prefix}" if prefix else "")
        with browser.client:
            yield browser


def test_an_admin_logs_in_and_saves_and_pages_have_their_style(browser: Browser) -> None:
    admin = f"{browser.root_path}/manage/"
    login = browser.get(admin).headers["location"]
    assert login == f"{admin}login/?next={admin}"
    page = browser.get(login)
    assert page.status_code == 200

    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert styles and all(re.fullmatch(rf"{browser.root_path}/static/admin/css/\w+\.\w{{12}}\.css", s) for s in styles)
    style = browser.get(styles[0])
    assert style.status_code == 200 and style.headers["content-type"].startswith("text/css")
    assert style.headers["content-encoding"] == "gzip" and "immutable" in style.headers["cache-control"]
    assert browser.get(f"{browser.root_path}/static/admin/css/nothing.css").status_code == 404

    user = {"username": "ada", "password": PASSWORD}
    assert browser.post(login, **user).status_code == 403, "without the token"
    welcome = browser.post(login, **user, csrfmiddlewaretoken=token(page))
    assert (welcome.status_code, welcome.headers["location"]) == (302, admin)

    form = f"{admin}hello/greeting/add/"
    saved = browser.post(form, name="José", csrfmiddlewaretoken=token(browser.get(form)))
    assert (saved.status_code, saved.headers["location"]) == (302, f"{admin}hello/greeting/")
    assert "was added successfully" in browser.get(saved.headers["location"]).text
    assert browser.get(f"{browser.root_path}/greetings").json() == {"greetings": ["Hello, José!"]}

    assert "Traceback" not in browser.host.log and "Warning: " not in browser.host.log
    assert browser.get(f"{browser.root_path}/health", Host="shop.example").status_code == 400
