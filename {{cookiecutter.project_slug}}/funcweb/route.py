"""Where a request stands in the function app: under which route prefix, and in which invocation."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import azure.functions as func

ROUTE_PREFIX_SETTING = "AzureFunctionsJobHost__extensions__http__routePrefix"

# Of the worker's libraries (from Python 3.13 on) the one that runs this app, which has been imported by now.
RUNTIMES = ("azure_functions_runtime", "azure_functions_runtime_v1")
INVOCATION_IDS = [
    sys.modules[name].invocation_id_cv for name in RUNTIMES if hasattr(sys.modules.get(name), "invocation_id_cv")
]


def route_prefix() -> str:
    """Return `extensions.http.routePrefix` of the function app's host.json.

    The app setting of the same name wins over it, as in the host, whose own default is `api`.

    Raises:
        ValueError: host.json is not JSON.
    """
    for name, value in os.environ.items():
        if name.casefold() == ROUTE_PREFIX_SETTING.casefold():
            return value
    host_json = Path(__file__).parent.with_name("host.json")
    if not host_json.exists():
        return "api"
    try:
        settings = json.loads(host_json.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{host_json} must be JSON without comments, to tell the route prefix: {error}") from error
    prefix: str = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    return prefix


def as_root_path(prefix: str) -> str:
    """Return `api/v1` as `/api/v1`, the form in which an app learns where it stands, and no prefix as ""."""
    prefix = prefix.strip("/")
    return f"/{prefix}" if prefix else ""


def split_root_path(path: str, root_path: str) -> tuple[str, str]:
    """Split a decoded path into the root path, spelt as in the request, and the rest.

    The host matches routes without regard to case: `/API/hello` reaches a function under `/api`.
    """
    rest = path[len(root_path) :]
    if not rest or rest[0] == "/":
        if path.startswith(root_path):
            return root_path, rest
        found = path[: len(root_path)]
        if found.lower() == root_path.lower():
            return found, rest
    return "", path


def function_context(context: func.Context | None) -> dict[str, Any]:
    """Return what azure-functions' middlewares tell the app of the invocation, under the same keys."""
    if context is None:
        return {}
    return {
        "azure_functions.function_directory": context.function_directory,
        "azure_functions.function_name": context.function_name,
        "azure_functions.invocation_id": context.invocation_id,
        "azure_functions.thread_local_storage": context.thread_local_storage,
        "azure_functions.trace_context": context.trace_context,
        "azure_functions.retry_context": context.retry_context,
    }


def enter_invocation(context: func.Context | None) -> None:
    """Let the log records of all that runs in this context, or in a copy of it on another thread, name the invocation.

    The worker finds the invocation of a record by the running task, or by a context variable, which it sets for plain
    functions only. So the threads of an async one, such as those of asyncio.to_thread, would log without one.
    """
    if context is not None:
        for invocation_id in INVOCATION_IDS:
            invocation_id.set(context.invocation_id)


def trace_headers(context: func.Context | None) -> tuple[str, str]:
    """Return traceparent and tracestate (W3C Trace Context) that make what the app does a part of this invocation.

    They take the place of the client's, if it has sent any: the host continues the client's trace, with a span of its
    own between the client's and the app's. Where the invocation has none, both are empty.
    """
    trace = None if context is None else context.trace_context
    return ("", "") if trace is None else (trace.trace_parent, trace.trace_state)


def trace_fields(context: func.Context | None) -> list[tuple[bytes, bytes]]:
    """Return the same as encoded header fields, where the invocation has a trace context."""
    trace = None if context is None else context.trace_context
    if trace is None or not trace.trace_parent:
        return []
    fields = [(b"traceparent", trace.trace_parent.encode())]
    if trace.trace_state:
        fields.append((b"tracestate", trace.trace_state.encode()))
    return fields
