"""What the Functions host changes in a request that it forwards to a server of the app's or the worker's."""


def original_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with the Host that the client used.

    The host forwards to the server's own address and writes the Host of the request, which links and redirects need,
    into X-Forwarded-Host, over what the client may have written there (azure-functions-host,
    ScriptInvocationRequestTransformer).
    """
    host = next((value for name, value in headers if name == b"x-forwarded-host"), None)
    if host is None:
        return headers
    return [(name, host if name == b"host" else value) for name, value in headers]
