"""Cookies, on their way through the worker and the host, which take each one apart and write it anew."""

import re
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime

ESCAPED_COOKIE_OCTET = re.compile("%(21|2[3-9ABD-F]|3[0-9AC-F]|[46][0-9A-F]|5[0-9ABD-F]|7[0-9A-E])", re.IGNORECASE)


def portable_cookie(cookie: str) -> str:
    """Return a Set-Cookie value that means the same and that the worker can carry.

    The worker raises on an Expires in any but the preferred format, which loses the response, and a cookie with both
    Expires and Max-Age has failed in the host (azure-functions-python-worker #1790). Max-Age wins over Expires
    (RFC 6265 section 5.3), so it goes alone where both are given.
    """
    pair, *parts = (part.strip() for part in cookie.split(";"))
    attributes = {part.partition("=")[0].strip().lower(): part for part in parts}
    if "expires" not in attributes:
        return cookie
    try:
        date = parsedate_to_datetime(attributes["expires"].partition("=")[2])
        attributes["expires"] = f"Expires={format_datetime(date.replace(tzinfo=UTC), usegmt=True)}"
    except ValueError:
        del attributes["expires"]  # A browser ignores it too.
    if "max-age" in attributes:
        attributes.pop("expires", None)
    return "; ".join([pair, *attributes.values()])


def restored_cookies(header: str) -> str:
    """Return a Cookie header with the values that the app once set.

    The host percent-encodes the value of each cookie in a response, but does not decode it in a request, so that a
    session such as `eyJhIjoxfQ==` would come back as `eyJhIjoxfQ%3D%3D` (azure-functions-python-worker #1794). What may
    not stand in a cookie's value (RFC 6265 section 4.1.1), such as `%3B`, stays as it is.
    """
    return ESCAPED_COOKIE_OCTET.sub(lambda escape: chr(int(escape[1], 16)), header)
