"""What of its invocation a request carries: the context, the trace, and the id that log records name."""

import sys
from typing import Any

import azure.functions as func

# Of the worker's libraries (from Python 3.13 on) the one that runs this app, which has been imported by now.
RUNTIMES = ("azure_functions_runtime", "azure_functions_runtime_v1")
INVOCATION_IDS = [
    sys.modules[name].invocation_id_cv for name in RUNTIMES if hasattr(sys.modules.get(name), "invocation_id_cv")
]


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
