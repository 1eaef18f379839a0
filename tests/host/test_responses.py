"""What a client is given for a function's response, on the v2 runtime, over HTTP, by either worker."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from functions_host.client import RunningHost, serve

from . import apps
from .conftest import Write


@pytest.fixture(scope="module")
def host(write: Write, worker: str) -> Iterator[RunningHost]:
    """One host of each worker for this module, without a key and with one thread."""
    path = write({"function_app.py": apps.PLAIN}, prefix=None)
    with serve(path, worker=worker, env={"PYTHON_THREADPOOL_THREAD_COUNT": "1", "TZ": "UTC"}) as running:
        yield running


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx2.Client]:
    """Return a client under the prefix."""
    with httpx2.Client(base_url=host.url + "/api", timeout=20) as http:
        yield http


def respond(client: httpx2.Client, *headers: tuple[str, str], **more: Any) -> httpx2.Response:
    """Have the function answer with these headers."""
    return client.post("/respond", json={"headers": headers, **more})


def cookies(client: httpx2.Client, *values: str) -> list[str]:
    """Have the function set these cookies and return what the client gets."""
    response = respond(client, *(("Set-Cookie", value) for value in values))
    assert response.status_code == 200, response.text
    return response.headers.get_list("set-cookie")


@pytest.mark.parametrize("status", [200, 201, 302, 404, 418, 500, 503])
def test_status_and_body_pass(client: httpx2.Client, status: int) -> None:
    response = respond(client, ("Content-Type", "a/b"), status=status, body="00ff10")
    assert (response.status_code, response.content) == (status, b"\x00\xff\x10")
    assert response.headers["content-type"] == "a/b"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(client: httpx2.Client, status: int) -> None:
    response = respond(client, status=status, body="00")
    assert (response.status_code, response.content) == (status, b"")


def test_no_content_type_becomes_text_plain(client: httpx2.Client) -> None:
    assert respond(client).headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["Vary", "Link", "X-Anything"])
def test_of_a_repeated_header_the_last_wins(client: httpx2.Client, name: str) -> None:
    assert respond(client, (name, "a"), (name, "b")).headers.get_list(name) == ["b"]


def test_of_two_spellings_of_a_header_the_first_wins(client: httpx2.Client) -> None:
    assert respond(client, ("X-A", "a"), ("x-a", "b")).headers.get_list("x-a") == ["a"]


def test_a_header_that_is_not_ascii_is_an_empty_500(client: httpx2.Client, host: RunningHost) -> None:
    response = respond(client, ("X-Name", "José"), body="00")
    assert (response.status_code, response.content) == (500, b"")
    assert "The header 'X-Name' holds a character" in host.log


def test_an_exception_is_an_empty_500_and_its_traceback_is_logged(client: httpx2.Client, host: RunningHost) -> None:
    response = client.get("/raise")
    assert (response.status_code, response.content) == (500, b"")
    assert "LookupError: this text must not reach the client" in host.wait_for_log("LookupError")
    assert "Executed 'Functions.raises' (Failed" in host.log


def test_a_plain_string_is_text(client: httpx2.Client) -> None:
    response = client.get("/text")
    assert response.text == "just text"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_several_cookies_stay_apart_and_gain_empty_attributes(client: httpx2.Client) -> None:
    assert cookies(client, "a=1; Path=/", "b=2") == [
        "a=1; domain=; path=/",
        "b=2; domain=; path=",
    ]


def test_a_cookie_s_value_is_escaped(client: httpx2.Client) -> None:
    (got,) = cookies(client, "session=eyJhIjoxfQ==.x/y+z:&; Path=/")
    assert got == "session=eyJhIjoxfQ%3D%3D.x%2Fy%2Bz%3A%26; domain=; path=/"


def test_a_cookie_s_attributes_are_rebuilt_in_the_host_s_order(client: httpx2.Client) -> None:
    (got,) = cookies(
        client,
        "a=1; HttpOnly; SameSite=None; Secure; Path=/p; Domain=example.com; Max-Age=60; "
        "Expires=Wed, 21 Oct 2026 07:28:00 GMT",
    )
    assert got == (
        "a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT; max-age=60; domain=example.com; path=/p; "
        "secure; samesite=none; httponly"
    )


@pytest.mark.parametrize(("sent", "got"), [("Lax", "; samesite=lax"), ("Strict", "; samesite=strict")])
def test_samesite(client: httpx2.Client, sent: str, got: str) -> None:
    assert cookies(client, f"a=1; SameSite={sent}")[0].endswith(got)
    assert "samesite" not in cookies(client, "a=1")[0]


def test_a_host_prefixed_cookie_loses_its_right_to_the_name(client: httpx2.Client) -> None:
    (got,) = cookies(client, "__Host-a=1; Path=/; Secure")
    assert got == "__Host-a=1; domain=; path=/; secure"


def test_deleting_a_cookie_with_expires_and_max_age_works(client: httpx2.Client) -> None:
    # It has failed in the worker: issue 1790.
    (got,) = cookies(client, 'a=""; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/')
    assert got == "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=0; domain=; path=/"


def test_a_cookie_date_the_worker_cannot_read_is_a_500_or_left_out(client: httpx2.Client, worker: str) -> None:
    cookie = ("Set-Cookie", "a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT")
    assert respond(client, cookie).status_code == (500 if worker == "current" else 200)


def test_a_cookie_attribute_that_simplecookie_does_not_know_becomes_a_cookie(
    client: httpx2.Client,
) -> None:
    # And takes the attributes after it along (see worker issues 1794, 1902).
    assert cookies(client, "a=1; Priority=High; Path=/") == [
        "a=1; domain=; path=",
        "Priority=High; domain=; path=/",
    ]


def test_a_cookie_flag_that_simplecookie_does_not_know_loses_the_cookie(
    client: httpx2.Client,
) -> None:
    assert cookies(client, "a=1; Path=/; Unheard") == []


def test_there_is_one_date_and_the_server_s_name(client: httpx2.Client) -> None:
    headers = respond(client).headers
    assert len(headers.get_list("date")) == 1
    assert headers.get_list("server") == ["Kestrel"]


def test_without_a_key_no_level_asks_for_one(client: httpx2.Client) -> None:
    assert client.get("/with-admin-key").status_code == 200


def test_the_thread_count_setting_is_used(client: httpx2.Client) -> None:
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        names = list(pool.map(lambda _: client.get("/sync?sleep=0.1").json()["thread"], range(3)))
    assert len(set(names)) == 1


def test_custom_headers_of_host_json_are_added_where_the_app_has_none(write: Write) -> None:
    headers = {"X-Added": "by the host", "Vary": "by the host"}
    settings = {"version": "2.0", "extensions": {"http": {"routePrefix": "", "customHeaders": headers}}}
    with serve(write({"function_app.py": apps.PLAIN, "host.json": json.dumps(settings)})) as host:
        asked = {"headers": [["Vary", "by the app"]]}
        answer = httpx2.post(f"{host.url}/respond", json=asked, trust_env=False)
        assert (answer.headers["x-added"], answer.headers["vary"]) == ("by the host", "by the app")
        for path, status in (("/raise", 500), ("/none", 404)):
            answer = httpx2.get(host.url + path, trust_env=False)
            assert (answer.status_code, answer.headers["x-added"]) == (status, "by the host")
        assert "x-added" not in httpx2.get(f"{host.url}/", trust_env=False).headers, "the host's own page"
