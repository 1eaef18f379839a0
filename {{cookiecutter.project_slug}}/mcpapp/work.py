"""Work that is done after the response."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from jobs import send


async def greet_later(request: Request) -> JSONResponse:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    try:
        posted = await request.json()
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return JSONResponse({"error": 'Post JSON such as {"name": "Ada"}.'}, status_code=400)
    job = await asyncio.to_thread(send, {"name": name}, request.headers.get("traceparent"))
    return JSONResponse({"id": job}, status_code=202)


routes = [Route("/jobs", greet_later, methods=["POST"])]
