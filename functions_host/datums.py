"""Between the messages of the host and the `Datum` objects that the next worker exchanges with the runtime.

In R2P2 that is the work of Rust and of a Python module beside it (workers/r2p2: src/convert.rs, bridge/bridge.py). The
worker of today has the runtime do it. `Datum` is the runtime's own class: a value and the name of its kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any

from .messages import Message, RpcHttpCookie

_SAME_SITE = {"lax": RpcHttpCookie.SameSite.Lax, "strict": RpcHttpCookie.SameSite.Strict}
_SAME_SITE["none"] = RpcHttpCookie.SameSite.ExplicitNone
_NO_SAME_SITE: int = getattr(RpcHttpCookie.SameSite, "None")


def to_datum(datum: Any, data: Message) -> Any:
    """Return what the runtime gets for a TypedData, as an object of the class `datum`; None for an empty one."""
    kind = data.WhichOneof("data")
    if kind is None:
        return None
    if kind != "http":
        return datum(data.get(kind), kind)
    http = data.http
    value = {
        "method": datum(http.method, "string"),
        "url": datum(http.url, "string"),
        "body": to_datum(datum, http.body) or datum(b"", "bytes"),
    }
    for name in ("headers", "params", "query"):
        value[name] = {key: datum(text, "string") for key, text in http.get(name).items()}
    return datum(value, "http")


def from_datum(datum: Any) -> Message | None:
    """Return the TypedData of what a function returned, or None where it returned nothing.

    Raises `TypeError` for what is no JSON, and for a kind of datum that R2P2 does not know.
    """
    match None if datum is None else datum.type:
        case None:
            return None
        case "http":
            return Message(http=_http(datum.value))
        case "dict" | "list":
            return Message(json=json.dumps(datum.value))
        case "bool":
            return Message(int=int(datum.value))
        case "bytes" | "double" | "int" | "json" | "string" as kind:
            return Message(**{kind: datum.value})
        case kind:
            raise TypeError(f"unsupported outbound datum type: {kind}")


def _http(value: dict[str, Any]) -> Message:
    return Message(
        status_code=str(value["status_code"].value),
        headers={name: str(text.value) for name, text in value["headers"].items()},
        cookies=list(_cookies(value.get("cookies") or ())),
        body=from_datum(value["body"]),
    )


def _cookies(cookies: Iterable[SimpleCookie]) -> Iterator[Message]:
    for cookie in cookies:
        for name, morsel in cookie.items():
            yield RpcHttpCookie(
                name=name,
                value=morsel.value,
                domain=Message(value=morsel["domain"]),
                path=Message(value=morsel["path"]),
                expires=_expires(morsel),
                secure=Message(value=bool(morsel["secure"])),
                http_only=Message(value=bool(morsel["httponly"])),
                same_site=_SAME_SITE.get(str(morsel["samesite"]).lower(), _NO_SAME_SITE),
                max_age=_max_age(morsel),
            )


def _expires(morsel: Morsel[str]) -> Message | None:
    # Today's worker fails where it cannot read the date; this one leaves it out.
    try:
        seconds = int(datetime.strptime(morsel["expires"], "%a, %d %b %Y %H:%M:%S GMT").timestamp())
    except (OverflowError, ValueError):
        return None
    return Message(value=Message(seconds=seconds))


def _max_age(morsel: Morsel[str]) -> Message | None:
    try:
        return Message(value=float(morsel["max-age"]))
    except ValueError:
        return None
