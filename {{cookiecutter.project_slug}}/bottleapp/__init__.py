"""The web app: what it answers to which request."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped,untyped-decorator"

import json

from bottle import Bottle, request, response

app = Bottle()


@app.get("/")
def index() -> dict[str, str]:
    """Say what this is."""
    return {"message": "Bottle on Azure Functions"}


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


@app.get("/health")
def health() -> dict[str, str]:
    """Tell that the app is up."""
    return {"status": "ok"}
