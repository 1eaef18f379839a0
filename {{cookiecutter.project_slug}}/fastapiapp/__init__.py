"""The web app: what it answers to which request."""

from typing import Annotated

from fastapi import Body, FastAPI

app = FastAPI()


@app.get("/")
async def index() -> dict[str, str]:
    """Say what this is."""
    return {"message": "FastAPI on Azure Functions"}


@app.get("/hello/{name}")
async def greet(name: str) -> dict[str, str]:
    """Greet the name in the path."""
    return {"message": f"Hello, {name}!"}


@app.post("/hello")
async def greet_posted(name: Annotated[str, Body(embed=True, min_length=1)]) -> dict[str, str]:
    """Greet the name in the JSON body, {"name": "..."}."""
    return {"message": f"Hello, {name}!"}


@app.get("/health")
async def health() -> dict[str, str]:
    """Tell that the app is up."""
    return {"status": "ok"}
