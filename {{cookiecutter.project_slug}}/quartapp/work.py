"""Work that is done after the response."""

import asyncio

from quart import Blueprint, request
from quart.typing import ResponseReturnValue

from jobs import send

bp = Blueprint("work", __name__)


@bp.post("/jobs")
async def greet_later() -> ResponseReturnValue:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    posted = await request.get_json(force=True, silent=True)
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return {"error": 'Post JSON such as {"name": "Ada"}.'}, 400
    return {"id": await asyncio.to_thread(send, {"name": name}, request.headers.get("traceparent"))}, 202
