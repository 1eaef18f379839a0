"""Where a request stands in the function app: under which route prefix."""

import json
import os
from pathlib import Path

ROUTE_PREFIX_SETTING = "AzureFunctionsJobHost__extensions__http__routePrefix"


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
