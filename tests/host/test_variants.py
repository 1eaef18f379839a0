"""Every framework in every mode on Microsoft's own runtime, over real HTTP, with the sample app."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from functions_host.client import HostDied, RunningHost, serve
from tests.conftest import Bake
from tests.host.conftest import loop_for
from tests.host.ingestion import Ingestion, run_ingestion
from tests.variants import FRAMEWORKS, Variant, one_with, python_for, running_variants, server_variants, spread

KEY = "the-key"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def traced(variant: Variant) -> bool:
    """Return whether a variant has telemetry: each framework once by each interface, and one that streams by each.

    It needs a newer worker than nest_asyncio. With a server of its own each interface does the same.
    """
    if not variant.has_function:
        return variant.framework == one_with(variant.mode, variant.interface)
    if variant.mode == "streaming":
        return variant.framework == one_with("streaming", variant.interface)
    return variant.mode != "nest_asyncio"


VARIANTS = [
    variant.but(observability="opentelemetry" if traced(variant) else "host")
    for variant in spread(
        [
            variant
            for variant in running_variants()
            # Each framework streams in test_streamed_apps.py.
            if traced(variant) or variant.mode == "nest_asyncio" or variant.row["wrappers"].get("streaming")
        ]
        + server_variants(),
        "route_prefix",
        "auth_level",
    )
]
# .ci/checks runs all of them on the next worker.
ON_BOTH_WORKERS = next(variant for variant in VARIANTS if variant.mode == "async" and traced(variant))


class Served:
    """A variant that runs on the host, and a client for it."""

    def __init__(self, variant: Variant, host: RunningHost, ingestion: Ingestion) -> None:
        self.variant = variant
        self.has_next_worker = "the next worker" in host.log
        self.host = host
        self.ingestion = ingestion
        headers = {} if variant.auth_level == "anonymous" else {"x-functions-key": KEY}
        self.client = httpx2.Client(base_url=host.url + variant.root_path, headers=headers, trust_env=False, timeout=30)

    def json(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Send a request, expect a status and return the JSON that came back."""
        response = self.client.request(method, path, **options)
        assert response.status_code == status, (response, response.text, self.host.log)
        return response.json()


@pytest.fixture(
    scope="module",
    params=[*((variant, "") for variant in VARIANTS), (ON_BOTH_WORKERS, "next")],
    ids=lambda param: " ".join(map(str, param)).strip(),
)
def served(request: pytest.FixtureRequest, bake: Bake) -> Iterator[Served]:
    """Serve each variant in turn; nest_asyncio cannot run on the worker's own loop (see test_nest_asyncio)."""
    variant: Variant
    worker: str
    variant, worker = request.param
    project = bake.shared(**variant.answers)
    with run_ingestion() as ingestion:
        settings = ingestion.settings if variant.observability == "opentelemetry" else {"PYTHONDONTWRITEBYTECODE": "1"}
        with serve(project.path, key=KEY, loop=loop_for(variant), worker=worker, env=settings) as host:
            served = Served(variant, host, ingestion)
            with served.client:
                yield served


def test_sample_routes(served: Served) -> None:
    assert served.json("GET", "/")["message"]
    assert served.json("GET", "/health") == {"status": "ok"}
    for name in ("Ada", "José", "李 小龙", "50%", "a+b"):
        assert served.json("GET", f"/hello/{percent_encoded(name)}") == {"message": f"Hello, {name}!"}
    assert served.json("POST", "/hello", json={"name": "José"}) == {"message": "Hello, José!"}
    for body in ("{", "[]", "{}", '{"name": 1}'):
        response = served.client.post("/hello", content=body, headers={"content-type": "application/json"})
        assert response.status_code in (400, 422) and response.json()
    assert served.client.get("/hello/Ada?x=%C3%A9&y=").status_code == 200


def test_the_prefix_alone_is_the_index(served: Served) -> None:
    prefix = f"{served.host.url}{served.variant.root_path}"
    response = httpx2.get(prefix, headers=served.client.headers, trust_env=False, follow_redirects=True)
    assert response.json() == served.json("GET", "/")


def percent_encoded(text: str) -> str:
    """Return text for a path, every byte encoded that may be."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_methods_and_unknown_paths(served: Served) -> None:
    assert served.client.get("/nowhere").status_code == 404
    assert served.client.delete("/health").status_code in (403, 405)  # Django misses its CSRF token first.
    assert served.client.put("/hello", json={"name": "x"}).status_code == 405
    head = served.client.head("/health")
    assert head.status_code in (200, 405)  # Some frameworks have HEAD only where it is asked for.
    assert head.content == b""
    # A method that the function does not list is the host's 404.
    assert served.client.request("TRACE", "/health").status_code == 404


def test_a_large_name(served: Served) -> None:
    name = "x" * 1_000_000
    assert served.json("POST", "/hello", json={"name": name}) == {"message": f"Hello, {name}!"}


def test_an_upload_in_chunks(served: Served) -> None:
    headers = {"content-type": "application/json"}
    response = served.client.post("/hello", content=iter([b'{"name": ', b'"Ada"}']), headers=headers)
    if served.variant.streams:
        assert response.json() == {"message": "Hello, Ada!"}
    else:  # The host passes on only a body whose length is given.
        assert response.status_code in (400, 422)


def test_keys(served: Served) -> None:
    with httpx2.Client(base_url=str(served.client.base_url), trust_env=False) as client:
        answers = [
            client.get("/health").status_code,
            client.get("/health", headers={"x-functions-key": "wrong"}).status_code,
            client.get("/health", headers={"x-functions-key": KEY}).status_code,
            client.get("/health", params={"code": KEY}).status_code,
        ]
    assert answers == ([200] * 4 if served.variant.auth_level == "anonymous" else [401, 401, 200, 200])


def test_every_response_has_the_headers_that_are_sensible_for_an_api(served: Served) -> None:
    with httpx2.Client(base_url=served.host.url, trust_env=False) as stranger:
        answers = [
            served.client.get("/hello/Ada"),
            served.client.get("/nowhere"),
            served.client.post("/hello", content="{"),
            stranger.get(f"{served.variant.root_path}/health"),
            stranger.get("/outside/the/prefix"),
        ]
    assert answers[3].status_code == (200 if served.variant.auth_level == "anonymous" else 401)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_outside_the_prefix_is_not_the_apps(served: Served) -> None:
    if served.variant.route_prefix:
        assert httpx2.get(f"{served.host.url}/health", trust_env=False).status_code == 404
        assert httpx2.get(f"{served.host.url}{served.variant.root_path}2/health", trust_env=False).status_code == 404


def test_documentation(served: Served) -> None:
    docs = FRAMEWORKS[served.variant.framework]["docs"]
    if docs:
        root_path = served.variant.root_path
        page = served.client.get(docs).text
        description = served.json("GET", "/openapi.json")
        # The worker's own server would describe no more than its /{path}.
        assert served.variant.row["route"] in description["paths"]
        # Where each request needs a key, the page holds the description and asks for nothing.
        anonymous = served.variant.auth_level == "anonymous"
        assert (f"'{root_path}/openapi.json" if anonymous else served.variant.row["route"]) in page
        assert description.get("servers", [{"url": ""}]) == [{"url": root_path}]


def test_50_requests_at_once(served: Served) -> None:
    with ThreadPoolExecutor(50) as pool:
        greetings = list(pool.map(lambda n: served.json("GET", f"/hello/{n}"), range(50)))
    assert greetings == [{"message": f"Hello, {n}!"} for n in range(50)]


def test_the_log_names_the_function_and_nothing_failed(served: Served) -> None:
    served.json("GET", "/health")
    assert FRAMEWORKS[served.variant.framework]["function_name"] in served.host.log
    assert "Traceback" not in served.host.log


def test_a_request_is_one_span_named_by_its_route_within_the_hosts(served: Served) -> None:
    if served.variant.observability == "host":
        return  # With variants of its own this test would start each host a second time.
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    served.json("GET", "/hello/Ada", headers=headers)
    served.json("POST", "/hello", json={"name": "Ada"}, headers=headers)
    requests = served.ingestion.wait_for(2, "RequestData", TRACE)
    names = [item["data"]["baseData"]["name"] for item in requests]
    assert sorted(names) == [f"GET {served.variant.row['route']}", "POST /hello"], served.host.log
    assert [item["data"]["baseData"]["responseCode"] for item in requests] == ["200", "200"]
    assert not served.ingestion.of_type("RemoteDependencyData", TRACE), "no spans of its parts"
    if not served.variant.has_function:
        # The real host's forwarder sends a traceparent of its own; this one passes the client's on.
        assert {item["tags"]["ai.operation.parentId"] for item in requests} == {PARENT}
        return
    parents = {item["tags"]["ai.operation.parentId"] for item in requests}
    if served.has_next_worker:
        assert len(parents) == 2 and PARENT not in parents
        return
    # The worker logs one line in each invocation, in the trace and the span of the host's.
    lines = served.ingestion.wait_for(2, "MessageData", TRACE)
    invocations = {
        line["tags"]["ai.operation.parentId"]
        for line in lines
        if line["data"]["baseData"]["message"].startswith("Function name:")
    }
    assert len(invocations) == 2
    assert parents == invocations


def test_nest_asyncio_cannot_load_on_the_workers_own_loop(bake: Bake) -> None:
    """The reason why pre_gen refuses nest_asyncio on Python 3.13 and later, where the worker runs on uvloop."""
    answers = {"async_mode": "nest_asyncio", "python_version": python_for("nest_asyncio")}
    project = bake(framework=one_with("nest_asyncio"), **answers)
    with (
        pytest.raises(HostDied, match="Can't patch loop of type <class 'uvloop"),
        serve(project.path, worker="current"),
    ):
        pass
