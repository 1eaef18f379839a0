"""Greetings."""

from typing import Annotated

from fastapi import APIRouter, Body

router = APIRouter(prefix="/hello", tags=["hello"])


@router.get("/{name}")
async def greet(name: str) -> dict[str, str]:
    """Greet the name in the path."""
    return {"message": f"Hello, {name}!"}


@router.post("")
async def greet_posted(name: Annotated[str, Body(embed=True, min_length=1)]) -> dict[str, str]:
    """Greet the name in the JSON body, {"name": "..."}."""
    return {"message": f"Hello, {name}!"}
