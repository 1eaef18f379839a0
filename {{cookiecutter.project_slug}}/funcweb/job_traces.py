"""A function that does its work in the trace of the request that sent the message."""

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import azure.functions as func
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from funcweb.queues import trace_parent


def in_trace_of_message(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a queue-triggered function, whose parameter is called `message`, run in a span of the message's trace.

    The span links to that of the host, which begins a trace for each message.
    """
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def traced_async(message: func.QueueMessage, **others: Any) -> Any:
            with span(function.__name__, message):
                return await function(message=message, **others)

        return traced_async

    @functools.wraps(function)
    def traced(message: func.QueueMessage, **others: Any) -> Any:
        with span(function.__name__, message):
            return function(message=message, **others)

    return traced


def span(name: str, message: func.QueueMessage) -> AbstractContextManager[trace.Span]:
    """Start the span: a consumer's (OpenTelemetry, "Semantic conventions for messaging spans")."""
    host = trace.get_current_span().get_span_context()
    return trace.get_tracer(__name__).start_as_current_span(
        name,
        context=TraceContextTextMapPropagator().extract({"traceparent": trace_parent(message)}),
        kind=trace.SpanKind.CONSUMER,
        attributes={"messaging.system": "azure_queues", "messaging.message.id": message.id or ""},
        links=[trace.Link(host)] if host.is_valid else [],
    )
