"""What is wrong with azure-functions-runtime and -runtime-v1, the worker's libraries from Python 3.13 on."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.hooks import pre_gen
from tests.variants import ROWS

from .defect import Side, defect

RUNTIME = "azure-functions-runtime"
WORKER = "Azure/azure-functions-python-worker"


@defect(
    RUNTIME,
    "a cookie whose Expires is written `18-May-2033`",
    stock="the whole response is lost",
    here="rewritten; Max-Age alone where both are given",
    seen=("500 ValueError", "200 ok"),
    goes=["funcweb/cookies.py::http_date"],
    upstream=[f"{WORKER}#1790"],
    common=True,
)
def expires_with_dashes(side: Side) -> object:
    return side.client.call("/flask/dashes")


@defect(
    RUNTIME,
    "WSGI: a ContextVar set in a request",
    stock="seen by the next request on that thread",
    here="a context for each request",
    seen=(["200 nothing", "200 one"], ["200 nothing"] * 2),
    goes=["funcweb/wsgi.py::WsgiMiddleware.handle"],
    common=True,
)
def context_of_a_thread(side: Side) -> object:
    return [side.client.call(f"/flask/context/{name}") for name in ("one", "two")]


@defect(
    RUNTIME,
    "ASGI: what a thread logs that the app has started, as with `asyncio.to_thread`",
    stock="without the invocation's id, so it does not reach Application Insights",
    here="with the id",
    seen=("200 unknown", "200 known"),
    goes=["funcweb/invocation.py::enter_invocation"],
    upstream=[f"{WORKER}#898", f"{WORKER}#1358", f"{WORKER}#1860"],
    common=True,
)
def logs_of_threads(side: Side) -> object:
    return side.client.call("/asgi/thread")


@defect(
    "azure-functions-runtime-v1",
    "streaming in programming model v1",
    stock="not there",
    here="refused with a sentence that says so",
    seen=("cannot stream", "refused"),
    right="can stream",
    goes=["hooks/pre_gen_project.py::working_modes"],
)
def no_streaming_in_v1(side: Side) -> object:
    if side.ours:
        return (
            "can stream" if "streaming" in pre_gen.working_modes(next(iter(ROWS.values())), "v1", "3.13") else "refused"
        )
    pytest.importorskip("azure_functions_runtime_v1")
    return "can stream" if find_spec("azure_functions_runtime_v1.http_v2") else "cannot stream"
