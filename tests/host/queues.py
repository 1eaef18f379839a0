"""Queues in Azurite, as tests look at them."""

from __future__ import annotations

import time

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

# So that a test need not wait for a queue that had been empty, nor for what has failed.
FAST = {
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.1",
    "AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:00",
}


def queue(storage: str, name: str) -> QueueClient:
    """Return a client of a queue, which is made where there is none."""
    client = QueueClient.from_connection_string(storage, name, message_encode_policy=TextBase64EncodePolicy())
    if not exists(client):
        client.create_queue()
    return client


def exists(queue: QueueClient) -> bool:
    """Tell whether the storage has the queue."""
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True


def contents(queue: QueueClient, timeout: float = 10) -> list[str]:
    """Wait for messages in a queue, so many seconds at most, and return their texts as they were sent."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = [str(message.content) for message in queue.peek_messages()] if exists(queue) else []
        if found:
            return found
        time.sleep(0.02)
    return []
