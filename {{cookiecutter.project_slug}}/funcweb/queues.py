"""Sends messages to queues in the function app's own storage, and says what is known of those that come from there."""

import contextlib
import json
import logging
import os
from functools import lru_cache
from typing import Any

import azure.functions as func
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, TextBase64EncodePolicy

# The host's own settings for its storage: the first one on a developer's machine, the others in Azure.
CONNECTION_STRING = "AzureWebJobsStorage"
QUEUE_SERVICE = "AzureWebJobsStorage__queueServiceUri"
CLIENT_ID = "AzureWebJobsStorage__clientId"

# The client logs some ten lines for each message, which would be among the app's own.
for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity"):
    logging.getLogger(name).setLevel(logging.WARNING)


def send_message(queue: str, content: dict[str, object]) -> str:
    """Send JSON to a queue, which is made if there is none, and return the id that the message has there.

    Raises:
        RuntimeError: there is no app setting that says where the storage is.
        azure.core.exceptions.AzureError: the storage cannot be reached, or refuses the message.
    """
    text = json.dumps(content)
    client = queue_client(queue)
    try:
        return str(client.send_message(text).id)
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):  # Another request may be quicker.
            client.create_queue()
        return str(client.send_message(text).id)


@lru_cache
def queue_client(queue: str) -> QueueClient:
    """Return a client of a queue, which threads may share: with the app's identity, or with a connection string.

    The host expects messages in Base64, unless `messageEncoding` in host.json is `none`. By default the client would
    wait and try again for minutes, as would the request; here it is half a minute at most.

    Raises:
        RuntimeError: there is no app setting that says where the storage is.
    """
    options: dict[str, Any] = {
        "message_encode_policy": TextBase64EncodePolicy(),
        "retry_policy": LinearRetry(backoff=1, retry_total=1),
        "connection_timeout": 5,
        "read_timeout": 10,
    }
    connection_string = os.environ.get(CONNECTION_STRING)
    if connection_string:
        return QueueClient.from_connection_string(connection_string, queue, **options)
    service = os.environ.get(QUEUE_SERVICE)
    if not service:
        raise RuntimeError(f"Set the app setting {CONNECTION_STRING}, or {QUEUE_SERVICE} in Azure.")
    from azure.identity import ManagedIdentityCredential  # It takes a while to import, and is for Azure only.

    credential = ManagedIdentityCredential(client_id=os.environ.get(CLIENT_ID))
    return QueueClient(service, queue, credential=credential, **options)


def trace_parent(message: func.QueueMessage) -> str:
    """Return the traceparent (W3C Trace Context) that a message carries, or "" if it has none."""
    try:
        content = message.get_json()
    except ValueError:
        return ""
    value = content.get("traceparent") if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""


def trace_id(message: func.QueueMessage) -> str:
    """Return the id of the trace that a message belongs to, or "-" if it belongs to none."""
    parts = trace_parent(message).split("-")
    return parts[1] if len(parts) == 4 else "-"
