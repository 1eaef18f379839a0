"""What an app sees of a request: PEP 3333's environ and ASGI's HTTP scope."""

import json
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from funcweb import route
from funcweb.asgi import AsgiMiddleware
from funcweb.http import header_values
from funcweb.wsgi import WsgiMiddleware
from tests.invoke import Invocation
from tests.middleware.requests import call_wsgi, environ_of, request, scope_of


@pytest.mark.parametrize(
    ("path", "prefix", "script_name", "path_info"),
    [
        ("/hello", "", "", "/hello"),
        ("/", "", "", "/"),
        ("", "", "", "/"),
        ("/api/hello", "api", "/api", "/hello"),
        ("/api", "api", "/api", ""),
        ("/api/", "api", "/api", "/"),
        ("/API/hello", "api", "/API", "/hello"),
        ("/api/v1/x", "api/v1", "/api/v1", "/x"),
        ("/apiary", "api", "", "/apiary"),
        ("/other", "api", "", "/other"),
        ("/a%2520b", "", "", "/a%20b"),
        ("//double", "", "", "//double"),
        ("/Jos%C3%A9", "", "", "/José"),
        ("/José", "", "", "/José"),
        ("/%C3%A9t%C3%A9/x", "été", "/été", "/x"),
    ],
)
def test_path_is_decoded_once_and_split_at_the_prefix(path: str, prefix: str, script_name: str, path_info: str) -> None:
    environ = environ_of(request(path), prefix)
    assert environ["SCRIPT_NAME"].encode("latin-1").decode() == script_name
    assert environ["PATH_INFO"].encode("latin-1").decode() == path_info
    scope = scope_of(request(path), prefix)
    assert scope["root_path"] == script_name
    assert scope["path"] == script_name + path_info


def test_raw_path_and_query_are_untouched() -> None:
    req = request("/a%2Fb%20c?x=%C3%A9&y=a+b&&z")
    assert environ_of(req)["QUERY_STRING"] == "x=%C3%A9&y=a+b&&z"
    scope = scope_of(req)
    assert scope["raw_path"] == b"/a%2Fb%20c"
    assert scope["query_string"] == b"x=%C3%A9&y=a+b&&z"


def test_invalid_utf8_in_the_path_reaches_the_app() -> None:
    assert environ_of(request("/%FF"))["PATH_INFO"] == "/\xff"
    assert scope_of(request("/%FF"))["path"] == "/\ufffd"


def test_url_without_origin() -> None:
    req = func.HttpRequest("GET", "/hello?x=1", body=b"")
    environ = environ_of(req)
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/hello", "x=1")
    assert (environ["wsgi.url_scheme"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("http", "localhost", "80")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://example.org", ("https", "example.org", 443)),
        ("http://example.org", ("http", "example.org", 80)),
        ("http://localhost:7071", ("http", "localhost", 7071)),
        ("http://[2001:db8::1]:8080", ("http", "2001:db8::1", 8080)),
        ("http://example.org:0", ("http", "example.org", 0)),
        ("https://example.org:evil", ("https", "localhost", 443)),
        ("https://[::1", ("https", "localhost", 443)),
        ("http://example.org:65536", ("http", "localhost", 80)),
    ],
)
def test_server_and_scheme(origin: str, expected: tuple[str, str, int]) -> None:
    environ = environ_of(request(origin=origin))
    assert (environ["wsgi.url_scheme"], environ["SERVER_NAME"], int(environ["SERVER_PORT"])) == expected
    scope = scope_of(request(origin=origin))
    assert (scope["scheme"], *scope["server"]) == expected


def test_headers() -> None:
    req = request("/", "POST", b"{}", content_type="application/json", content_length="2", x_name="José", x_list="a,b")
    environ = environ_of(req)
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["CONTENT_LENGTH"] == "2"
    assert "HTTP_CONTENT_TYPE" not in environ and "HTTP_CONTENT_LENGTH" not in environ
    assert environ["HTTP_HOST"] == "example.org"
    assert environ["HTTP_X_NAME"].encode("latin-1") == "José".encode()
    headers = scope_of(req)["headers"]
    assert (b"x-name", "José".encode()) in headers
    assert (b"x-list", b"a,b") in headers
    assert all(type(name) is bytes and type(value) is bytes for name, value in headers)


def test_the_headers_come_from_the_dictionary_that_azure_functions_keeps() -> None:
    headers = request(x_name="José").headers
    assert type(header_values(headers)) is dict, "azure-functions calls it by another name: requests take longer"
    assert header_values(headers) == dict(headers.items())


@pytest.mark.parametrize("proxies", ["1", "2"])
def test_headers_without_that_dictionary_do_as_well(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(func.HttpRequest):
        @property
        def headers(self) -> Any:
            return MappingProxyType(dict(super().headers.items()))

    def seen(req: func.HttpRequest) -> list[dict[str, Any]]:
        return [{name: told[name] for name in told if "." not in name} for told in (environ_of(req), scope_of(req))]

    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    traced(monkeypatch, "00-host", "")
    req = request(x_name="José", cookie="a=%7B", traceparent="00-client", tracestate="client=1", **FORWARDED)
    assert seen(Other(req.method, req.url, headers=req.headers, body=b"")) == seen(req)


def test_no_content_headers_without_content() -> None:
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & set(environ_of(request()))


def test_content_length_is_that_of_the_body_and_no_transfer_coding_is_left() -> None:
    environ = environ_of(request("/", "POST", b"12345", transfer_encoding="chunked", content_length="999"))
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["body"] == b"12345"
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_header_with_an_underscore_cannot_pass_for_another() -> None:
    req = func.HttpRequest("GET", "/", headers={"x-user": "ada", "x_user": "evil"}, body=b"")
    assert environ_of(req)["HTTP_X_USER"] == "ada"


def test_environ_is_what_pep_3333_asks() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read(-1)]

    req = request("/api/Jos%C3%A9?x=1", "POST", b"body", content_type="text/plain", content_length="4")
    response = call_wsgi(app, req, "api")
    assert response.get_body() == b"body"
    environ = environ_of(req)
    assert type(environ) is dict
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.multithread"] is True
    assert environ["wsgi.run_once"] is False
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"


def test_scope_is_what_asgi_asks() -> None:
    scope = scope_of(request("/api/x", "post"), "api")
    assert scope["type"] == "http"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}
    assert scope["http_version"] == "1.1"
    assert scope["method"] == "POST"
    assert scope["client"] == ("127.0.0.1", 0)
    assert scope["extensions"] == {}
    assert scope["state"] == {}


def test_the_invocation_is_told_under_the_keys_of_azure_functions() -> None:
    for told in (environ_of(request()), scope_of(request())):
        assert told["azure_functions.invocation_id"] == "00000000-0000-0000-0000-000000000001"
        assert told["azure_functions.function_name"] == "Trigger"
        assert {key for key in told if key.startswith("azure_functions.")} == {
            f"azure_functions.{name}"
            for name in (
                "function_directory", "function_name", "invocation_id", "thread_local_storage", "trace_context",
                "retry_context",
            )
        }  # fmt: skip


def traced(monkeypatch: pytest.MonkeyPatch, trace_parent: str, trace_state: str) -> None:
    """Let invocations have this trace context."""
    monkeypatch.setattr(
        Invocation, "trace_context", SimpleNamespace(trace_parent=trace_parent, trace_state=trace_state)
    )


def trace_seen(req: func.HttpRequest) -> list[tuple[Any, Any]]:
    """Return traceparent and tracestate as a WSGI app and an ASGI app see them."""
    environ = environ_of(req)
    headers = scope_of(req)["headers"]
    assert len(dict(headers)) == len(headers), "each header once"
    fields = {name.decode(): value.decode() for name, value in headers}
    return [
        (environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_TRACESTATE")),
        (fields.get("traceparent"), fields.get("tracestate")),
    ]


def test_the_trace_context_is_the_invocations(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = request(traceparent="00-client", tracestate="client=1")
    assert trace_seen(sent) == [("00-client", "client=1")] * 2, "without one, what the client has sent"
    traced(monkeypatch, "00-host", "host=1")
    assert trace_seen(sent) == [("00-host", "host=1")] * 2
    assert trace_seen(request()) == [("00-host", "host=1")] * 2
    traced(monkeypatch, "00-host", "")
    assert trace_seen(sent) == [("00-host", None)] * 2, "the client's state goes with its parent"
    traced(monkeypatch, "", "")
    assert trace_seen(sent) == [("00-client", "client=1")] * 2


FORWARDED: dict[str, Any] = {
    "x_forwarded_for": "1.1.1.1, 192.0.2.7:5123, 198.51.100.1:443",
    "x_forwarded_host": "evil.example, www.example.com:8443",
    "x_forwarded_proto": "ftp, https",
}


@pytest.mark.parametrize(
    ("settings", "client", "scheme", "host"),
    [
        ({}, ("127.0.0.1", 0), "http", "example.org"),
        ({"WEBSITE_SITE_NAME": "site"}, ("198.51.100.1", 443), "http", "example.org"),
        ({"TRUSTED_PROXIES": "0", "WEBSITE_SITE_NAME": "site"}, ("127.0.0.1", 0), "http", "example.org"),
        ({"TRUSTED_PROXIES": "1"}, ("198.51.100.1", 443), "http", "example.org"),
        ({"TRUSTED_PROXIES": "2"}, ("192.0.2.7", 5123), "https", "www.example.com:8443"),
        ({"TRUSTED_PROXIES": "9"}, None, "https", "www.example.com:8443"),
    ],
)
def test_proxies_are_believed_as_far_as_the_settings_say(
    settings: dict[str, str], client: Any, scheme: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBSITE_SITE_NAME", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    req = request(origin="http://example.org", **FORWARDED)
    environ = environ_of(req)
    assert environ.get("REMOTE_ADDR") == (client[0] if client else None)
    assert environ["wsgi.url_scheme"] == scheme
    assert environ["HTTP_HOST"] == host
    assert f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}" == (host if ":" in host else f"{host}:80")
    scope = scope_of(req)
    assert scope["client"] == client
    assert scope["scheme"] == scheme
    assert dict(scope["headers"])[b"host"] == host.encode()


@pytest.mark.parametrize(
    ("entry", "client"),
    [
        ("192.0.2.1", ("192.0.2.1", 0)),
        ("192.0.2.1:4711", ("192.0.2.1", 4711)),
        ("2001:db8::1", ("2001:db8::1", 0)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("[2001:db8::1]:4711", ("2001:db8::1", 4711)),
        ("", None),
    ],
)
def test_forms_of_a_forwarded_address(
    entry: str, client: tuple[str, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "1")
    assert scope_of(request(x_forwarded_for=f"evil, {entry}"))["client"] == client


def test_a_trusted_proxy_that_says_nothing_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "2")
    environ = environ_of(request(origin="http://example.org:81"))
    assert (environ["wsgi.url_scheme"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("http", "example.org", "81")
    assert "REMOTE_ADDR" not in environ


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("https, http", "http"),
        ("javascript", "http"),
        ("ht tp", "http"),
        ("", "http"),
    ],
)
def test_a_proxy_may_tell_http_or_https_and_nothing_else(
    proto: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "2")
    req = request(origin="http://example.org", x_forwarded_proto=proto)
    assert environ_of(req)["wsgi.url_scheme"] == scheme
    assert scope_of(req)["scheme"] == scheme


def test_names_that_a_proxy_tells_are_bytes_in_the_environ_as_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "2")
    environ = environ_of(request(x_forwarded_for="José, 192.0.2.1", x_forwarded_host="josé.example:81"))
    assert environ["REMOTE_ADDR"].encode("latin-1").decode() == "José"
    assert environ["SERVER_NAME"].encode("latin-1").decode() == "josé.example"
    assert environ["SERVER_PORT"] == "81"


@pytest.mark.parametrize("value", ["-1", "many", "", "1.5"])
def test_trusted_proxies_must_be_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    with pytest.raises(ValueError, match=f"TRUSTED_PROXIES must be a whole number.*{value!r}"):
        WsgiMiddleware(lambda environ, start_response: [])


@pytest.mark.parametrize(
    ("settings", "root_path"),
    [
        (None, "/api"),
        ({}, "/api"),
        ({"extensions": {"http": {}}}, "/api"),
        ({"extensions": {"http": {"routePrefix": ""}}}, ""),
        ({"extensions": {"http": {"routePrefix": "v1/x"}}}, "/v1/x"),
        ({"extensions": {"http": {"routePrefix": "/v1/"}}}, "/v1"),
    ],
)
def test_the_prefix_is_that_of_host_json(
    settings: Any, root_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "__file__", str(tmp_path / "funcweb" / "route.py"))
    if settings is not None:
        (tmp_path / "host.json").write_text(json.dumps(settings), encoding="utf-8-sig")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Do nothing."""

    assert WsgiMiddleware(lambda environ, start_response: []).root_path == root_path
    assert AsgiMiddleware(app).root_path == root_path
    monkeypatch.setenv("AZUREFUNCTIONSJOBHOST__extensions__http__routePrefix", "from/setting")
    assert AsgiMiddleware(app).root_path == "/from/setting"


def test_a_host_json_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "__file__", str(tmp_path / "funcweb" / "route.py"))
    (tmp_path / "host.json").write_text("{} // comment", encoding="utf-8")
    with pytest.raises(ValueError, match=r"host\.json must be JSON without comments"):
        WsgiMiddleware(lambda environ, start_response: [])
