"""Queues in Azure Storage, by the few operations of the REST API that the host needs of the emulator Azurite.

azure-storage-queue would do as well, but the host shares its environment with the app, which has its own version of
that or none. The operations are those of 2021-12-02, a version that every Azurite of today knows:
https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api

Left out: accounts without a key in their connection string, that is, identities and shared access signatures.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_VERSION = "2021-12-02"
_TIMEOUT = 10.0  # seconds
_EMULATOR = "devstoreaccount1"
# Everybody's: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class StorageError(Exception):
    """The storage did not answer, or refused what it was asked."""


@dataclass(frozen=True)
class Account:
    """A storage account: its key, and where its queues and blobs are."""

    name: str
    key: str
    queues: str
    blobs: str


def read_connection(text: str) -> Account | None:
    """Return the account that a connection string names, or None where it has no name and key for one."""
    parts = dict(part.split("=", 1) for part in text.strip().split(";") if "=" in part)
    parts = {name.strip().lower(): value.strip() for name, value in parts.items()}
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        root = parts.get("developmentstorageproxyuri", "http://127.0.0.1").rstrip("/")
        return Account(_EMULATOR, _EMULATOR_KEY, f"{root}:10001/{_EMULATOR}", f"{root}:10000/{_EMULATOR}")
    name, key = parts.get("accountname"), parts.get("accountkey")
    if not name or not key:
        return None
    protocol, suffix = parts.get("defaultendpointsprotocol", "https"), parts.get("endpointsuffix", "core.windows.net")
    queues, blobs = (
        parts.get(f"{service}endpoint", f"{protocol}://{name}.{service}.{suffix}").rstrip("/")
        for service in ("queue", "blob")
    )
    return Account(name, key, queues, blobs)


def connection_setting(name: str, environ: Mapping[str, str]) -> str:
    """Return the app setting that a binding's `connection` names, with AzureWebJobs before the name or without."""
    name = name or "AzureWebJobsStorage"
    return environ.get(f"AzureWebJobs{name}") or environ.get(name) or ""


async def answers(url: str) -> bool:
    """Tell whether a server listens at a URL."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
            )
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


@dataclass(frozen=True)
class QueueMessage:
    """A message that was taken from a queue: its text as it was sent, and how it stands."""

    id: str
    text: str
    pop_receipt: str
    dequeue_count: int
    inserted: str
    expires: str
    next_visible: str


def _time(text: str) -> str:
    """Return a time as the host writes it into JSON; the storage writes it as HTTP does."""
    return parsedate_to_datetime(text).isoformat()


class Queue:
    """One queue. Its calls run on threads of their own, which leaves those of the app to the app."""

    def __init__(self, account: Account, name: str) -> None:
        """Take the account and the queue's name; nothing is sent yet."""
        self.account = account
        self.name = name
        self._url = urlsplit(account.queues)
        self._path = f"{self._url.path}/{quote(name)}"
        self._threads = ThreadPoolExecutor(8, thread_name_prefix=f"queue-{name}")
        self._local = threading.local()

    async def take(self, count: int, seconds: int) -> list[QueueMessage]:
        """Take up to `count` messages, hidden from others for so many seconds; none where there is no such queue."""
        status, body = await self._call("GET", "/messages", {"numofmessages": count, "visibilitytimeout": seconds})
        if status == 404:
            return []
        self._check(status, body)
        return [
            QueueMessage(
                id=str(found["MessageId"]),
                text=str(found.get("MessageText") or ""),
                pop_receipt=str(found["PopReceipt"]),
                dequeue_count=int(str(found["DequeueCount"])),
                inserted=_time(str(found["InsertionTime"])),
                expires=_time(str(found["ExpirationTime"])),
                next_visible=_time(str(found["TimeNextVisible"])),
            )
            for element in ElementTree.fromstring(body)
            for found in [{child.tag: child.text for child in element}]
        ]

    async def delete(self, message: QueueMessage) -> None:
        """Delete a message, unless it has gone or been taken by another."""
        status, body = await self._call("DELETE", f"/messages/{message.id}", {"popreceipt": message.pop_receipt})
        self._check(status, body, allowed=(400, 404))

    async def release(self, message: QueueMessage, seconds: int) -> None:
        """Let others take the message after so many seconds, unless it has gone or been taken by another."""
        query: dict[str, str | int] = {"popreceipt": message.pop_receipt, "visibilitytimeout": seconds}
        status, body = await self._call("PUT", f"/messages/{message.id}", query)
        self._check(status, body, allowed=(400, 404))

    async def put(self, text: str) -> None:
        """Put a message into the queue, and make the queue where there is none."""
        content = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()
        status, body = await self._call("POST", "/messages", {}, content)
        if status == 404:
            self._check(*await self._call("PUT", "", {}), allowed=(409,))
            status, body = await self._call("POST", "/messages", {}, content)
        self._check(status, body)

    def close(self) -> None:
        """End the threads, once they have done what was begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, status: int, body: bytes, allowed: tuple[int, ...] = ()) -> None:
        if status >= 300 and status not in allowed:
            said = body.decode(errors="replace").strip()
            raise StorageError(f"the queue {self.name!r} answers {status}: {said}")

    async def _call(
        self, method: str, path: str, query: Mapping[str, str | int], body: bytes = b""
    ) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._send, method, path, query, body)
        except (OSError, http.client.HTTPException) as error:
            raise StorageError(f"{self.account.queues} does not answer ({error or type(error).__name__})") from error

    def _send(self, method: str, path: str, query: Mapping[str, str | int], body: bytes) -> tuple[int, bytes]:
        target = self._path + path
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
        headers["Authorization"] = (
            f"SharedKey {self.account.name}:{self._signature(method, target, query, headers, body)}"
        )
        url = f"{target}?{urlencode(query)}" if query else target
        connection: Any = getattr(self._local, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            connection = self._local.connection = kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT)
        try:
            connection.request(method, url, body or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            # Not sent again here: the next poll asks anew, on a new connection.
            connection.close()
            raise

    def _signature(
        self, method: str, target: str, query: Mapping[str, str | int], headers: Mapping[str, str], body: bytes
    ) -> str:
        """Sign a request ("Authorize with Shared Key", the form for blobs and queues)."""
        # Encoding, language, length, MD5, type, date, four conditions and range, of which there is only the length.
        standard = ["", "", str(len(body)) if body else "", *[""] * 8]
        lines = [method, *standard, *(f"{name}:{headers[name]}" for name in sorted(headers))]
        lines += [f"/{self.account.name}{target}", *(f"{name}:{query[name]}" for name in sorted(query))]
        key = base64.b64decode(self.account.key)
        return base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256)).decode()
