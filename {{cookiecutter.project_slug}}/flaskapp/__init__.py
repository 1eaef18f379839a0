"""The web app: what it answers to which request."""

from flask import Flask, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)


@app.get("/")
def index() -> ResponseReturnValue:
    """Say what this is."""
    return {"message": "Flask on Azure Functions"}


@app.get("/hello/<name>")
def greet(name: str) -> ResponseReturnValue:
    """Greet the name in the path."""
    return {"message": f"Hello, {name}!"}


@app.post("/hello")
def greet_posted() -> ResponseReturnValue:
    """Greet the name in the JSON body, {"name": "..."}."""
    posted = request.get_json(force=True, silent=True)
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return {"error": 'Post JSON such as {"name": "Ada"}.'}, 400
    return {"message": f"Hello, {name}!"}


@app.get("/health")
def health() -> ResponseReturnValue:
    """Tell that the app is up."""
    return {"status": "ok"}
