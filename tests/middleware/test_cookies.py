"""Cookies on their way to the client and back, whichever interface they come from."""

import pytest

from funcweb import cookies
from tests.middleware.requests import Answer, environ_of, request, scope_of


def test_cookies_stay_apart(answer: Answer) -> None:
    cookies = ["a=1; Path=/", "b=2; HttpOnly; SameSite=Lax", "session=eyJhIjoxfQ==; Path=/"]
    response = answer(200, [("Set-Cookie", cookie) for cookie in cookies], b"")
    assert response.headers.get_all("set-cookie") == cookies


@pytest.mark.parametrize(
    ("cookie", "portable"),
    [
        (
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
            "a=; Max-Age=0; Path=/",
        ),
        ("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Secure", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"),
        ("a=1; Expires=Thursday, 01-Jan-70 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=someday; Path=/", "a=1; Path=/"),
        ("a=1; Expires=0", "a=1"),
        ("expires=1; Path=/", "expires=1; Path=/"),
    ],
)
def test_expiry_of_cookies_is_written_so_that_the_worker_can_read_it(
    cookie: str, portable: str, answer: Answer
) -> None:
    assert answer(200, [("Set-Cookie", cookie)], b"").headers["Set-Cookie"] == portable


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("session=eyJhIjoxfQ%3D%3D; b=%21x%3fy", "session=eyJhIjoxfQ==; b=!x?y"),
        ("a=%253D", "a=%3D"),
        ("a=%3B%2C%22%5C%20%0A%7F%C3%A9", "a=%3B%2C%22%5C%20%0A%7F%C3%A9"),
        ("a=100%; b=%zz", "a=100%; b=%zz"),
        ("plain=1", "plain=1"),
    ],
)
def test_cookies_come_back_as_the_app_set_them(sent: str, seen: str) -> None:
    assert environ_of(request(cookie=sent))["HTTP_COOKIE"] == seen
    assert dict(scope_of(request(cookie=sent))["headers"])[b"cookie"] == seen.encode()


def test_every_character_that_may_stand_in_a_cookie_is_restored() -> None:
    octets = [chr(code) for code in range(128)]
    allowed = {c for c in octets if c > " " and c not in '",;\\\x7f'}
    restored = {c for c in octets if cookies.restored_cookies(f"%{ord(c):02X}") == c}
    assert restored == allowed
