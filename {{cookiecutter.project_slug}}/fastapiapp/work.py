"""Work that is done after the response."""

from typing import Annotated

from fastapi import APIRouter, Body, Header

from jobs import send

router = APIRouter(tags=["jobs"])


@router.post("/jobs", status_code=202)
def greet_later(
    name: Annotated[str, Body(embed=True, min_length=1)],
    traceparent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> dict[str, str]:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    return {"id": send({"name": name}, traceparent)}
