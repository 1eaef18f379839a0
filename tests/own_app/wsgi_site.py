"""An app with no framework. It tells where it stands."""

import json
from typing import Any


def application(environ: Any, start_response: Any) -> list[bytes]:
    """Answer every path with what this app was told of it."""
    told = {"prefix": environ["SCRIPT_NAME"], "path": environ["PATH_INFO"]}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
