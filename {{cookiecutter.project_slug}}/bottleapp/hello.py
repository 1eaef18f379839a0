"""Greetings."""

import json

from bottle import Bottle, request, response

app = Bottle()


@app.get("/hello/<name>")
def greet(name: str) -> dict[str, str]:
    """Greet the name in the path."""
    return {"message": f"Hello, {name}!"}


@app.post("/hello")
def greet_posted() -> dict[str, str]:
    """Greet the name in the JSON body, {"name": "..."}."""
    try:
        posted = json.load(request.body)
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        response.status = 400
        return {"error": 'Post JSON such as {"name": "Ada"}.'}
    return {"message": f"Hello, {name}!"}
