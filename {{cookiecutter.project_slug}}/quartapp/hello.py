"""Greetings."""

from quart import Blueprint, request
from quart.typing import ResponseReturnValue

bp = Blueprint("hello", __name__, url_prefix="/hello")


@bp.get("/<name>")
async def greet(name: str) -> ResponseReturnValue:
    """Greet the name in the path."""
    return {"message": f"Hello, {name}!"}


@bp.post("")
async def greet_posted() -> ResponseReturnValue:
    """Greet the name in the JSON body, {"name": "..."}."""
    posted = await request.get_json(force=True, silent=True)
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return {"error": 'Post JSON such as {"name": "Ada"}.'}, 400
    return {"message": f"Hello, {name}!"}
