"""Defects of FastAPI."""

from __future__ import annotations

import fastapi

from funcweb.fastapi.key import with_key

from ..calls import get
from ..defect import Side, defect


@defect(
    "fastapi",
    "FastAPI's documentation, opened with a function key: `/docs?code=KEY`",
    stock="the page asks for openapi.json without the key, and gets 401",
    here="the page holds the description itself",
    seen=(True, False),
    goes=["funcweb/fastapi/key.py"],
    upstream=["Azure/azure-functions-python-worker#1083"],
)
def documentation_with_a_key(side: Side) -> object:
    return "openapi.json" in get(side.mend(fastapi.FastAPI(), with_key), "/api/docs")[1]
