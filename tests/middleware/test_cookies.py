"""Cookies on their way to the client and back, whichever interface they come from."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import azure.functions.http
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.http import dump_cookie, parse_cookie

from funcweb.cookies import portable_cookie, restored_cookies
from tests.middleware.requests import Answer, environ_of, request, scope_of


def of_worker(set_cookie: str | None) -> list[Any]:
    """Return the cookies, name, value and attributes, that the worker reads out of a Set-Cookie header."""
    headers = {} if set_cookie is None else {"Set-Cookie": set_cookie}
    response = azure.functions.HttpResponse(headers=headers)
    datum = azure.functions.http.HttpResponseConverter.encode(response, expected_type=None)
    return [morsel for cookie in datum.value["cookies"] or [] for morsel in cookie.values()]


def at_client(set_cookie: str) -> str:
    """Return the name and value that the client is given: the host has percent-encoded the value."""
    (morsel,) = of_worker(portable_cookie(set_cookie))
    return f"{morsel.key}={quote(morsel.value, safe='')}"


def test_cookies_stay_apart(answer: Answer) -> None:
    cookies = ["a=1; Path=/", "b=2; HttpOnly; SameSite=Lax", "session=eyJhIjoxfQ==; Path=/"]
    response = answer(200, [("Set-Cookie", cookie) for cookie in cookies], b"")
    assert response.headers.get_all("set-cookie") == cookies


@pytest.mark.parametrize(
    ("cookie", "portable"),
    [
        ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/", "a=; Max-Age=0; Path=/"),
        ("a=1; expires=Thu, 01-Jan-1970 00:00:00 GMT", "a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Secure", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"),
        ("a=1; Expires=Thursday, 01-Jan-70 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=someday; Path=/", "a=1; Path=/"),
        ("a=1; Expires=0", "a=1"),
        ("a=1; Expires=Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "a=1"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 +99999999999999", "a=1"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=soon", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Max-Age=-1", "a=1; Max-Age=-1"),
        ("a=1; Max-Age=inf; Path=/", "a=1; Path=/"),
        ("a=1; Max-Age=99999999999999", "a=1; Max-Age=2147483647"),
        ("a=1; Partitioned; Path=/; Secure", "a=1; Path=/; Secure"),
        ("a=1; Priority=High; Path=/", "a=1; Path=/"),
        ("a=1; Path=/; Unheard=of; $Port=1; Version=1;", "a=1; Path=/"),
        ("a=1;secure=;HTTPONLY=yes;samesite=None", "a=1; secure; HTTPONLY; samesite=None"),
        ("a=1; Path=/a; path=/b; secure; Secure", "a=1; path=/b; Secure"),
        ("a = 1 ; Path = / ; Domain", "a=1; Path=/; Domain="),
    ],
)
def test_what_the_worker_cannot_carry_is_rewritten_or_dropped_and_the_cookie_kept(
    cookie: str, portable: str, answer: Answer
) -> None:
    response = answer(200, [("Set-Cookie", cookie)], b"")
    assert response.headers["Set-Cookie"] == portable
    (morsel,) = of_worker(portable)
    assert (morsel.key, morsel.value) == ("a", portable.partition(";")[0].removeprefix("a="))


def test_attributes_arrive_as_the_app_wrote_them() -> None:
    (morsel,) = of_worker(portable_cookie('a=1; Path=/a b"c; Domain=example.org; SameSite=lax; Secure'))
    assert {name: value for name, value in morsel.items() if value} == {
        "path": '/a b"c',
        "domain": "example.org",
        "samesite": "lax",
        "secure": True,
    }


@pytest.mark.parametrize(
    "cookie", ["", "a", "=1", "a b=1", "a[0]=1", "a:b=1", "é=1", "expires=1", "$a=1", "a=1\x7f", "a=1; Domain=\x7f"]
)
def test_a_cookie_that_the_worker_cannot_carry_costs_no_other_part_of_the_response(
    cookie: str, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer(200, [("Set-Cookie", f"{cookie}; Path=/"), ("Set-Cookie", "b=2")], b"")
    assert response.headers.get_all("Set-Cookie") == ["b=2"]
    (message,) = caplog.messages
    assert message == f"The cookie {cookie.partition('=')[0]!r} is left out: the worker cannot carry it."


def simple_cookie(name: str, value: str) -> str:
    """Return the Set-Cookie header that Bottle, Django, Falcon, FastAPI and Starlette write."""
    cookies: SimpleCookie = SimpleCookie()
    cookies[name] = value
    cookies[name]["path"] = "/"
    return cookies[name].OutputString()


FRAMEWORKS: dict[str, tuple[Callable[[str, str], str], Callable[[str], str | None]]] = {
    "werkzeug": (dump_cookie, lambda header: parse_cookie(header).get("a")),
    "http.cookies": (simple_cookie, lambda header: SimpleCookie(header)["a"].value),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@example("eyJhIjoxfQ==")
@example("b,c")
@example('{"x":1}')
@example("a b")
@example("José")
@example('back\\slash, "quote"; and more')
@example("100%25, %zz")
@example('"')
@given(st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=20))
def test_a_value_that_a_framework_has_written_comes_back(framework: str, value: str) -> None:
    write, read = FRAMEWORKS[framework]
    set_cookie = write("a", value)
    header = f"first=1; {at_client(set_cookie)}; last=%3D"
    assert read(restored_cookies(header)) == value
    # It is what a client would send to a plain server, but for quotes around what needs none.
    written, restored = set_cookie.partition(";")[0], restored_cookies(header).split("; ")[1]
    assert restored in (written, written.replace('"', ""))


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("session=eyJhIjoxfQ%3D%3D; b=%21x%3fy", "session=eyJhIjoxfQ==; b=!x?y"),
        ("a=%253D", "a=%3D"),
        ("a=%22b%5C054c%22;b=%22a%20b%22", 'a="b\\054c";b="a b"'),
        ("a=100%; b=%zz", "a=100%; b=%zz"),
        ("plain=1", "plain=1"),
        # What no app has written so is left alone, as a script on a page may have encoded it.
        ("a=%3B%2C%22%5C%20%0A%7F%C3%A9", "a=%3B%2C%22%5C%20%0A%7F%C3%A9"),
        ("a=%7B%22x%22%3A1%7D; b=%3D", "a=%7B%22x%22%3A1%7D; b=="),
        ("a=%22b;c%22=1; d=%22%3B%22; e=%22%0A%22", "a=%22b;c%22=1; d=%22%3B%22; e=%22%0A%22"),
        ("%3D; a", "%3D; a"),
    ],
)
def test_cookies_come_back_as_the_app_set_them(sent: str, seen: str) -> None:
    assert environ_of(request(cookie=sent))["HTTP_COOKIE"] == seen
    assert dict(scope_of(request(cookie=sent))["headers"])[b"cookie"] == seen.encode()


def test_every_character_that_may_stand_in_a_cookie_is_restored() -> None:
    octets = [chr(code) for code in range(128)]
    allowed = {c for c in octets if c > " " and c not in '",;\\\x7f'}
    assert {c for c in octets if restored_cookies(f"a=%{ord(c):02X}") == f"a={c}"} == allowed
    quoted = {c for c in octets if restored_cookies(f"a=%22%{ord(c):02X}%22") == f'a="{c}"'}
    assert quoted == {c for c in octets if " " <= c <= "~" and c != ";"}
