"""Cookies, on their way through the worker and the host, which take each one apart and write it anew.

The worker reads a Set-Cookie header with Python's SimpleCookie, and hands the host a name, a value and some attributes.
The host writes the header from them with the value percent-encoded, and does not decode it when the cookie comes back
(azure-functions-python-worker #1794).
"""

import logging
import re
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from http.cookies import Morsel
from urllib.parse import unquote_to_bytes

# The attributes that the worker hands on, beside Expires and Max-Age. It takes any other for a cookie, or loses the
# cookie over it.
FLAGS = ("secure", "httponly")
ATTRIBUTES = ("path", "domain", "samesite")

# A name as RFC 6265 section 4.1.1 has it, and a value that may be anything.
PAIR = re.compile(r"\s*([!#$%&'*+.^`|~\w-]+)\s*=\s*(.*?)\s*", re.ASCII)
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
# A value as the RFC has it, which arrives as it is, and the strings in quotes in which frameworks write all others.
VALUE = r'("?)[!#-+\--:<-\[\]-~]*\1'
PLAIN_VALUE = re.compile(VALUE)
WRITTEN_VALUE = re.compile(VALUE + r'|"[ -:<-~]*"')

SECONDS = re.compile("-?[0-9]{1,18}")
MAX_SECONDS = 2**31 - 1  # 68 years. The host fails where it cannot express the time (.NET's TimeSpan).

UNREADABLE_DATE = (ValueError, OverflowError)

logger = logging.getLogger(__name__)


def portable_cookie(cookie: str) -> str | None:
    """Return a Set-Cookie value that means the same and that the worker can carry, or None where there is none.

    The worker raises on an Expires in any but the preferred format, which loses the response, and a cookie with both
    Expires and Max-Age has failed in the host (azure-functions-python-worker #1790). Max-Age wins over Expires
    (RFC 6265 section 5.3), so it goes alone where both are given. Attributes that the worker has no field for, such as
    Partitioned, are dropped.
    """
    first, *rest = cookie.split(";")
    pair = PAIR.fullmatch(first)
    if pair is None or pair[1].startswith("$") or Morsel().isReservedKey(pair[1]) or CONTROL_CHARACTER.search(cookie):
        logger.warning("The cookie %r is left out: the worker cannot carry it.", first.partition("=")[0])
        return None
    attributes = {}
    for part in rest:
        name, _, value = part.partition("=")
        attributes[name.strip().lower()] = name.strip(), value.strip()
    lasts = SECONDS.fullmatch(attributes.get("max-age", ("", ""))[1])
    parts = [f"{pair[1]}={quoted(pair[2])}"]
    for kind, (name, value) in attributes.items():
        if kind in FLAGS:
            parts.append(name)
        elif kind in ATTRIBUTES:
            parts.append(f"{name}={quoted(value)}")
        elif kind == "max-age" and lasts:
            parts.append(f"{name}={max(-1, min(int(value), MAX_SECONDS))}")
        elif kind == "expires" and not lasts and (date := http_date(value)):
            parts.append(f"{name}={date}")
    return "; ".join(parts)


def quoted(value: str) -> str:
    """Return a value so that SimpleCookie reads it as it is, where it would lose it or take its quotes and escapes off.

    Frameworks write what may not stand in a cookie's value, such as a comma, as a string in quotes with escapes. If
    the worker undid that, they could not read the value when it comes back.
    """
    if PLAIN_VALUE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def http_date(text: str) -> str | None:
    """Return a date in the preferred format (RFC 9110 section 5.6.7), or None for what a browser ignores too."""
    try:
        return format_datetime(parsedate_to_datetime(text).replace(tzinfo=UTC), usegmt=True)
    except UNREADABLE_DATE:
        return None


def restored_cookies(header: str) -> str:
    """Return a Cookie header with the values that the app once set.

    Without this a session such as `eyJhIjoxfQ==` would come back as `eyJhIjoxfQ%3D%3D`. A value that the app cannot
    have written so stays as it is, such as the `%7B%22x%22%3A1%7D` of a script on a page.
    """
    return ";".join([restored(cookie) if "%" in cookie else cookie for cookie in header.split(";")])


def restored(cookie: str) -> str:
    """Return one cookie of a Cookie header with the value that the app once set."""
    name, equals, value = cookie.partition("=")
    # Twice as quick as unquote(); a value that is not ASCII stays as it is in either case.
    decoded = unquote_to_bytes(value).decode("latin-1")
    return f"{name}{equals}{decoded}" if WRITTEN_VALUE.fullmatch(decoded) else cookie
