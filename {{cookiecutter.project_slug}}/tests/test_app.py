from collections.abc import Callable
from typing import Any

import pytest

Send = Callable[..., Any]


def test_index_has_a_message(send: Send) -> None:
    reply = send("GET", "/")
    assert reply.status == 200
    assert reply.json()["message"]


@pytest.mark.parametrize("name", ["Ada", "José", "Ada Lovelace", "李"])
def test_greets_the_name_in_the_path(send: Send, name: str) -> None:
    reply = send("GET", f"/hello/{name}")
    assert reply.status == 200
    assert reply.json() == {"message": f"Hello, {name}!"}


def test_greets_whatever_the_query(send: Send) -> None:
    assert send("GET", "/hello/Ada?title=Countess&year=1815").json() == {"message": "Hello, Ada!"}


def test_greets_the_posted_name(send: Send) -> None:
    reply = send("POST", "/hello", '{"name": "José"}'.encode())
    assert reply.status == 200
    assert reply.json() == {"message": "Hello, José!"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"name": ""}', b'{"name": 1}'])
def test_refuses_a_post_without_a_name(send: Send, body: bytes) -> None:
    reply = send("POST", "/hello", body)
    assert reply.status in (400, 422)
    assert reply.json()


def test_is_healthy(send: Send) -> None:
    assert send("GET", "/health").status == 200


def test_unknown_path_is_not_found(send: Send) -> None:
    assert send("GET", "/nowhere").status == 404
