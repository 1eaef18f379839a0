"""Stand-ins for the protobuf messages that host and worker exchange.

The runtime packages get their message classes from the caller: a namespace named ``protos`` in the
request's properties. They only ever build messages with keyword arguments, read attributes and
call ``WhichOneof``, so plain objects will do. Protobuf would work too, but the generated modules
are not published on their own: the v1 wheel ships them in a top-level package named ``tests``.

One difference is deliberate. A protobuf message returns a default for a field that was not set; a
`Message` raises an error that names the field. So when a new runtime version reads something that
this host does not send, it shows, rather than go unnoticed as an empty value.
"""

from __future__ import annotations

from typing import Any

# The `oneof` groups the runtimes ask for (FunctionRpc.proto: TypedData.data, ParameterBinding).
_ONEOF: dict[str, tuple[str, ...]] = {
    "data": ("http", "bytes", "string", "json", "int", "double"),
    "rpc_data": ("data", "rpc_shared_memory"),
}


class Message:
    """A message: its keyword arguments, as attributes."""

    def __init__(self, **fields: Any) -> None:
        """Keep `fields`; a field that is None counts as not set, as in protobuf."""
        self.__dict__.update(fields)

    def WhichOneof(self, group: str) -> str | None:
        """Return the name of the field of `group` that is set, or None."""
        return next((name for name in _ONEOF[group] if self.get(name) is not None), None)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the field `name`, or `default` where it was not set."""
        return self.__dict__.get(name, default)

    def __getattr__(self, name: str) -> Any:
        """Refuse, by name, to read a field that was never set."""
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}: the Functions runtime reads a field that "
            f"this host does not send (it sent: {', '.join(self.__dict__) or 'nothing'})"
        )

    def __repr__(self) -> str:
        """Show the fields, for failing tests and logs."""
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"


class BindingInfo(Message):
    """A binding of a function, with the numbers of its two enums (FunctionRpc.proto)."""

    inout = 2
    out = 1

    undefined = 0
    string = 1
    binary = 2
    stream = 3


# `in` is a keyword of Python, but protobuf's name for the direction.
setattr(BindingInfo, "in", 0)

DIRECTIONS = {"in": 0, "out": 1, "inout": 2}
DATA_TYPES = {"undefined": 0, "string": 1, "binary": 2, "stream": 3}


class StatusResult(Message):
    """Whether a request to the worker succeeded."""

    Failure = 0
    Success = 1
    Cancelled = 2


class _SameSite:
    """RpcHttpCookie.SameSite; its `None` means that the attribute is absent."""

    Lax = 1
    Strict = 2
    ExplicitNone = 3


setattr(_SameSite, "None", 0)

#: What the host writes for each value: HostGrpc's RpcSameSiteEnumConverter, then ASP.NET Core.
SAME_SITE = {0: None, 1: "lax", 2: "strict", 3: "none"}


class RpcHttpCookie(Message):
    """A cookie that the worker read out of a Set-Cookie header."""

    SameSite = _SameSite


class Timestamp(Message):
    """google.protobuf.Timestamp, as far as cookies need it."""


class Protos:
    """The namespace handed to the runtimes as ``protos``."""

    BindingInfo = BindingInfo
    FunctionEnvironmentReloadResponse = Message
    FunctionLoadResponse = Message
    FunctionMetadataResponse = Message
    InvocationResponse = Message
    NullableBool = Message
    NullableDouble = Message
    NullableString = Message
    NullableTimestamp = Message
    ParameterBinding = Message
    RpcException = Message
    RpcFunctionMetadata = Message
    RpcHttp = Message
    RpcHttpCookie = RpcHttpCookie
    RpcRetryOptions = Message
    StatusResult = StatusResult
    Timestamp = Timestamp
    TypedData = Message
    WorkerInitResponse = Message
    WorkerMetadata = Message
