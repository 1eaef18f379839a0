"""The server that the worker runs for streaming, kept out of the app's way.

It belongs to azurefunctions-extensions-http-fastapi, and azure-functions-runtime hands it each request. What is put
right here is upstream's, and each function does nothing where upstream has changed.
"""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from azurefunctions.extensions.http.fastapi import web

# The server is a FastAPI app of its own: it would answer /docs, /redoc, /openapi.json and /docs/oauth2-redirect in the
# place of the app, and make a second span of each request. (An older FastAPI ignores the settings of its telemetry.)
SETTINGS: dict[str, Any] = {"openapi_url": None, "telemetry": {"tracing": False, "metrics": False, "logs": False}}

# The worker's module that joins requests and invocations, on Python 3.13 and later and on 3.12 and earlier.
COORDINATORS = ("azure_functions_runtime.http_v2", "azure_functions_worker.http_v2")


def leave_all_paths_to_the_app() -> None:
    """Let the server answer nothing by itself, and trace nothing; the worker makes it after importing this."""
    if isinstance(getattr(web, "FastAPI", None), type):
        # The class itself, if what instruments FastAPI apps has put a subclass in its place.
        original = next((base for base in web.FastAPI.mro() if base.__name__ == "FastAPI"), web.FastAPI)
        web.FastAPI = partial(original, **SETTINGS)


def write_no_access_log() -> None:
    """Let the server print no line for each request, which takes a tenth of its time; the host logs each invocation."""
    uvicorn = getattr(web, "uvicorn", None)
    if isinstance(uvicorn, ModuleType) and hasattr(uvicorn, "Config"):
        web.uvicorn = SimpleNamespace(**{**vars(uvicorn), "Config": partial(uvicorn.Config, access_log=False)})


def forget_answered_requests() -> None:
    """Let the worker drop its record of a request with the response: it keeps 1.9 kB of each for good (runtime 1.3)."""
    for name in COORDINATORS:
        coordinator: Any = getattr(sys.modules.get(name), "http_coordinator", None)
        records = getattr(coordinator, "_context_references", None)
        wait = getattr(coordinator, "await_http_response_async", None)
        if isinstance(records, dict) and wait is not None:
            coordinator.await_http_response_async = partial(wait_and_forget, wait, records)


async def wait_and_forget(wait: Callable[[str], Awaitable[Any]], records: dict[str, Any], invocation_id: str) -> Any:
    """Return the response of an invocation, the last thing for which its record is needed."""
    try:
        return await wait(invocation_id)
    finally:
        records.pop(invocation_id, None)
