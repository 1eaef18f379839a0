"""What a function is given for a request, on the v2 runtime, over HTTP."""

from __future__ import annotations

import concurrent.futures
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from functions_host.client import RunningHost, serve
from tests.variants import TEMPLATE

from . import apps
from .conftest import Write

KEY = "k€y/with+signs=="
LIMIT = 3_000_000


@pytest.fixture(scope="module")
def host(write: Write) -> Iterator[RunningHost]:
    """One host for this module: a plain app under a prefix, with a key and a small body limit."""
    local = {"IsEncrypted": False, "Values": {"FROM_FILE": "file", "FROM_BOTH": "file"}}
    files = {"function_app.py": apps.PLAIN, "local.settings.json": json.dumps(local)}
    env = {"FROM_BOTH": "environment", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(LIMIT)}
    with serve(write(files, prefix="api/v1"), key=KEY, env=env) as running:
        yield running


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx2.Client]:
    """Return a client under the prefix."""
    with httpx2.Client(base_url=host.url + "/api/v1", timeout=20) as http:
        yield http


def raw(host: RunningHost, head: str, body: bytes = b"") -> tuple[int, str, bytes]:
    """Send a request as it stands, for what a client library would put right."""
    parts = urlsplit(host.url)
    text = head.replace("\n", "\r\n") + f"\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=20) as connection:
        connection.sendall(text.encode("latin-1") + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), top.decode("latin-1").lower(), rest


def echo_raw(host: RunningHost, head: str, body: bytes = b"") -> dict[str, Any]:
    """Send a request as it stands and return what the function `echo` was given."""
    status, top, rest = raw(host, head, body)
    assert status == 200, (top, rest)
    if "transfer-encoding: chunked" in top:
        chunks, rest = rest, b""
        while chunks and (size := int(chunks.partition(b"\r\n")[0], 16)):
            chunks = chunks.partition(b"\r\n")[2]
            rest, chunks = rest + chunks[:size], chunks[size + 2 :]
    got: dict[str, Any] = json.loads(rest)
    return got


def test_header_names_are_lower_case_and_repeats_are_joined(host: RunningHost) -> None:
    head = "GET /api/v1/echo HTTP/1.1\nX-Two: a\nX-TWO: b\nX-Part: a\nX-Part:\nX-Empty:"
    headers = echo_raw(host, head)["headers"]
    assert headers["x-two"] == "a,b"
    assert headers["x-part"] == "a"
    assert headers["x-empty"] == ""
    assert all(name == name.lower() for name in headers)


def test_no_front_end_headers_are_added(client: httpx2.Client) -> None:
    headers = client.get("/echo").json()["headers"]
    assert set(headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_a_header_that_is_not_utf_8_is_a_400(host: RunningHost) -> None:
    assert raw(host, "GET /api/v1/echo HTTP/1.1\nX-Name: Jos\xe9")[0] == 400


def test_query_names_ignore_case_repeats_join_and_empty_values_are_dropped(
    client: httpx2.Client,
) -> None:
    got = client.get("/echo?a=1&A=2&none=&bare&plus=a+b&name=Jos%C3%A9&both=&both=x").json()
    assert got["params"] == {"a": "1,2", "plus": "a b", "name": "José", "both": "x"}
    query = "?a=1&A=2&none=&bare&plus=a+b&name=Jos%C3%A9&both=&both=x"
    assert got["url"].endswith("/api/v1/echo" + query), "the URL keeps the query as it came"


@pytest.mark.parametrize(
    ("sent", "decoded", "encoded"),
    [
        ("/Jos%C3%A9", "José", "/Jos%C3%A9"),
        ("/a%2Fb", "a/b", "/a/b"),
        ("/a%252Fb", "a%2Fb", "/a%2Fb"),
        ("/100%25", "100%", "/100%25"),
        ("/a%20b%5Bc%5D", "a b[c]", "/a%20b%5Bc%5D"),
        ("/%41:%40", "A:@", "/A:@"),
        ("/bad%FF", "bad%FF", "/bad%FF"),
        ("/x/../y/./z/", "y/z/", "/y/z/"),
        ("/x/%2e%2e", None, "/"),
    ],
)
def test_the_path_is_decoded_and_encoded_again(host: RunningHost, sent: str, decoded: str | None, encoded: str) -> None:
    got = echo_raw(host, f"GET /api/v1/echo{sent} HTTP/1.1")
    assert got["route_params"] == ({"rest": decoded} if decoded else {})
    assert urlsplit(got["url"]).path == "/api/v1/echo" + encoded


def test_a_null_in_the_path_is_a_400(host: RunningHost) -> None:
    assert raw(host, "GET /api/v1/echo/%00 HTTP/1.1")[0] == 400


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_method_arrives(client: httpx2.Client, method: str) -> None:
    assert client.request(method, "/echo").json()["method"] == method


def test_head_has_no_body(client: httpx2.Client) -> None:
    response = client.head("/echo")
    assert (response.status_code, response.content) == (200, b"")


def test_the_body_arrives_as_bytes(client: httpx2.Client) -> None:
    body = bytes(range(256)) * 4096
    assert client.post("/echo", content=body).json()["body"] == body.hex()


def test_a_chunked_body_arrives_empty_host_issue_4926(client: httpx2.Client) -> None:
    got = client.post("/echo", content=iter([b"one", b"two"])).json()
    assert got["headers"]["transfer-encoding"] == "chunked"
    assert got["body"] == ""


def test_a_body_over_the_limit_is_a_413_before_it_is_read(host: RunningHost) -> None:
    head = "POST /api/v1/echo HTTP/1.1\nContent-Length: {}"
    assert raw(host, head.format(LIMIT + 1))[0] == 413
    assert raw(host, head.format(LIMIT), bytes(LIMIT))[0] == 200


def test_the_limit_is_100_mb_unless_a_setting_says_otherwise() -> None:
    from functions_host.app import MAX_BODY

    assert MAX_BODY == 100 * 1024 * 1024


def test_the_caller_s_trace_is_continued(client: httpx2.Client) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"traceparent": parent, "tracestate": "vendor=1"}
    got = client.get("/echo", headers=headers).json()
    version, trace, span, flags = got["trace_parent"].split("-")
    assert (version, trace, flags) == ("00", "0af7651916cd43dd8448eb211c80319c", "01")
    assert span != "b7ad6b7169203331", "the host adds a span of its own"
    assert got["trace_state"] == "vendor=1"
    assert got["headers"]["traceparent"] == parent
    one, other = (client.get("/echo").json()["trace_parent"].split("-")[1] for _ in range(2))
    assert one != other, "without a caller's trace each request starts one"


def test_each_invocation_has_its_own_id(client: httpx2.Client) -> None:
    ids = {client.get("/echo").json()["invocation_id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_method_that_is_not_allowed_is_404_not_405(client: httpx2.Client) -> None:
    assert client.post("/only-post").status_code == 200
    response = client.get("/only-post")
    assert (response.status_code, response.content) == (404, b"")


def test_routes_ignore_case_and_take_the_more_specific_first(client: httpx2.Client) -> None:
    assert client.get("/ITEMS/7").json() == {"function": "items", "id": "7"}
    assert client.get("/items/7/x/").json() == {"function": "items", "id": "7", "part": "x"}
    assert client.get("/items/seven").json() == {"function": "item_by_name", "name": "seven"}
    assert client.get("/items/seven/x").status_code == 404


def test_the_host_keeps_admin_and_runtime(host: RunningHost) -> None:
    status = httpx2.get(host.url + "/admin/host/status")
    assert status.json()["state"] == "Running"
    for path in ("/admin", "/Admin/x", "/runtime/webhooks"):
        assert httpx2.get(host.url + path).status_code == 404


def test_outside_the_prefix_there_is_the_home_page_and_404(host: RunningHost) -> None:
    assert httpx2.get(host.url + "/").headers["content-type"] == "text/html"
    assert httpx2.get(host.url + "/echo").status_code == 404
    assert httpx2.get(host.url + "/api/v1").status_code == 404


@pytest.mark.parametrize("path", ["/with-function-key", "/with-admin-key"])
def test_a_key_is_wanted_by_level(client: httpx2.Client, path: str) -> None:
    header = {b"x-functions-key": KEY.encode()}
    refused = client.get(path)
    assert (refused.status_code, refused.content) == (401, b"")
    assert client.get(path, headers={"x-functions-key": "wrong"}).status_code == 401
    assert client.get(path, headers=header).status_code == 200
    assert client.get(path, params={"code": KEY}).status_code == 200
    assert client.get(path, params={"code": "wrong"}, headers=header).status_code == 200
    wrong = {"x-functions-key": "wrong"}
    assert client.get(path, params={"code": KEY}, headers=wrong).status_code == 401
    assert client.get("/echo", headers=wrong).status_code == 200, "anonymous asks for none"


def test_the_process_is_set_up_as_the_worker_s(client: httpx2.Client, host: RunningHost) -> None:
    names = ["FROM_FILE", "FROM_BOTH", "AZURE_FUNCTIONS_ENVIRONMENT", "WEBSITE_HOSTNAME"]
    got = client.post("/process", content=json.dumps(names)).json()
    assert got["loop"].split(".")[0] == "uvloop"
    assert got["thread"], "async functions run on the main thread's loop"
    assert got["sys_path_last"] == got["cwd"]
    assert got["sys_path"].count(got["cwd"]) == 1
    assert not any(entry.endswith("functions_host") for entry in got["sys_path"])
    port = urlsplit(host.url).port
    assert got["settings"] == {
        "FROM_FILE": "file",
        "FROM_BOTH": "environment",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "WEBSITE_HOSTNAME": f"localhost:{port}",
    }


def test_this_repository_s_modules_do_not_hide_the_app_s(client: httpx2.Client) -> None:
    assert str(TEMPLATE) not in client.get("/process").json()["sys_path"]


def test_the_root_logger_has_a_handler_at_info_before_the_app_is_imported(
    client: httpx2.Client, host: RunningHost
) -> None:
    got = client.get("/process").json()
    assert (got["handlers"], got["level"]) == (1, 20)
    assert "imported with 1 root handlers" in host.log
    assert "basicConfig won" not in host.log


def test_logs_carry_the_invocation_id_but_not_from_an_own_thread(client: httpx2.Client, host: RunningHost) -> None:
    invocation_id = client.get("/echo").json()["invocation_id"]
    assert f"[{invocation_id}] root: echo was called" in host.wait_for_log(invocation_id)
    client.get("/threads")
    assert "[-] root: from a thread of its own" in host.wait_for_log("a thread of its own")


def test_sync_functions_run_on_threads_that_keep_their_context(client: httpx2.Client) -> None:
    assert not client.get("/sync").json()["main"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        started = time.monotonic()
        list(pool.map(lambda _: client.get("/sync?sleep=0.4&set=mine").json(), range(4)))
        assert time.monotonic() - started < 1.2, "they ran one after the other"
    # The runtime's pool does not copy the context: what one call set, a later one sees.
    assert any(client.get("/sync").json()["before"] == "mine" for _ in range(20))


def test_an_invocation_ends_when_the_client_has_gone(client: httpx2.Client) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        client.get("/slow?name=gone", timeout=0.1)
    for _ in range(40):
        if "gone" in client.get("/finished").json():
            return
        time.sleep(0.05)
    pytest.fail("the invocation was cancelled")
