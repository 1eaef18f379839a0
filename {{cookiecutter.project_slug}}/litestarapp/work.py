"""Work that is done after the response."""

import asyncio
from typing import Any

from litestar import Request, post
from litestar.params import JSONBody

from jobs import send

from .hello import Person


@post("/jobs", status_code=202)
async def greet_later(data: JSONBody[Person], request: Request[Any, Any, Any]) -> dict[str, str]:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    return {"id": await asyncio.to_thread(send, {"name": data.name}, request.headers.get("traceparent"))}
