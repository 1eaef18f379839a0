"""httpbin (WSGI), with requests as its client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import requests.auth

from tests.real_apps.conftest import browser, root_of, serve_app


@pytest.fixture(scope="module", params=["sync", "sync on its own server"])
def root(request: pytest.FixtureRequest, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of httpbin."""
    folder: Path = tmp_path_factory.mktemp("bin") / "bin"
    folder.mkdir()
    with serve_app(folder, "httpbin:app", request.param, prefix) as host:
        yield root_of(host, prefix)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client with cookies."""
    with browser() as session:
        yield session


def test_it_tells_what_it_was_asked(root: str, session: requests.Session) -> None:
    told = session.get(f"{root}/anything/José/a b", params={"x": "é", "y": ["1", "2"]}, headers={"X-Own": "1"}).json()
    assert told["args"] == {"x": "é", "y": ["1", "2"]}
    assert told["headers"]["X-Own"] == "1"
    assert told["url"].startswith(f"{root}/anything/")


def test_posts_and_files(root: str, session: requests.Session) -> None:
    assert session.post(f"{root}/post", data={"name": "José"}).json()["form"] == {"name": "José"}
    assert session.post(f"{root}/post", json={"n": [1]}).json()["json"] == {"n": [1]}
    assert session.put(f"{root}/put", files={"f": b"x" * 100_000}).json()["files"] == {"f": "x" * 100_000}


def test_redirects_and_cookies(root: str, session: requests.Session) -> None:
    assert session.get(f"{root}/relative-redirect/3").url == f"{root}/get"
    assert session.get(f"{root}/absolute-redirect/2").url == f"{root}/get"
    assert session.get(f"{root}/cookies/set", params={"flavour": "plain"}).json() == {"cookies": {"flavour": "plain"}}


@pytest.mark.parametrize("status", [204, 304, 404, 418, 500, 503])
def test_statuses(status: int, root: str, session: requests.Session) -> None:
    assert session.get(f"{root}/status/{status}").status_code == status


def test_encodings_ranges_and_authentication(root: str, session: requests.Session) -> None:
    assert session.get(f"{root}/gzip").json()["gzipped"] is True
    assert session.get(f"{root}/deflate").json()["deflated"] is True
    part = session.get(f"{root}/range/26", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.text) == (206, "bcd")
    assert session.get(f"{root}/basic-auth/ada/secret").status_code == 401
    assert session.get(f"{root}/basic-auth/ada/secret", auth=("ada", "secret")).json()["authenticated"] is True
    assert session.get(f"{root}/digest-auth/auth/ada/secret", auth=requests.auth.HTTPDigestAuth("ada", "secret")).ok
    assert len(session.get(f"{root}/stream/5").text.splitlines()) == 5
    assert len(session.get(f"{root}/bytes/100000").content) == 100_000
