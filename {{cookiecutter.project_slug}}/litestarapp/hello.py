"""Greetings."""

from dataclasses import dataclass

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody


@dataclass
class Person:
    """Somebody to greet."""

    name: str

    def __post_init__(self) -> None:
        """Refuse an empty name."""
        if not self.name:
            raise ValueError("name must not be empty")


class HelloController(Controller):
    """Greets people."""

    path = "/hello"

    @get("/{name:str}")
    async def greet(self, name: FromPath[str]) -> dict[str, str]:
        """Greet the name in the path."""
        return {"message": f"Hello, {name}!"}

    @post(status_code=200)
    async def greet_posted(self, data: JSONBody[Person]) -> dict[str, str]:
        """Greet the name in the JSON body, {"name": "..."}."""
        return {"message": f"Hello, {data.name}!"}
