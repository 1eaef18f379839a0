"""Greetings."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def greet(request: Request) -> JSONResponse:
    """Greet the name in the path."""
    return JSONResponse({"message": f"Hello, {request.path_params['name']}!"})


async def greet_posted(request: Request) -> JSONResponse:
    """Greet the name in the JSON body, {"name": "..."}."""
    try:
        posted = await request.json()
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return JSONResponse({"error": 'Post JSON such as {"name": "Ada"}.'}, status_code=400)
    return JSONResponse({"message": f"Hello, {name}!"})


routes = [
    Route("/hello", greet_posted, methods=["POST"]),
    Route("/hello/{name}", greet),
]
