"""Calls that several defects need."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.conftest import run_python
from tests.middleware.requests import call_asgi, request
from tests.variants import PROJECT

PREFIX = "api"


def get(app: Any, path: str) -> tuple[int, str]:
    """Return status and body of an app under a prefix, whose path begins with it, as ASGI has it."""
    response = call_asgi(app, request(path), PREFIX)
    return response.status_code, response.get_body().decode()


@contextlib.contextmanager
def setting(name: str, value: str) -> Iterator[None]:
    """Set an app setting for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        yield


# What changes the process it runs in.
PROCESS = """
import json
from django.conf import settings
from opentelemetry.instrumentation.django import DjangoInstrumentor

DjangoInstrumentor().instrument(skip_dep_check=True)  # as the worker does, where Django's settings are not known yet

try:
    import nest_asyncio, uvloop

    nest_asyncio.apply(uvloop.new_event_loop())
    nested = "works"
except (ImportError, ValueError) as error:
    nested = str(error)
print(json.dumps({"settings": "empty" if settings.configured else "not read yet", "nested": nested}))
"""


@cache
def in_a_process(**variables: str) -> dict[str, str]:
    """Return what comes of it with these variables in the environment."""
    result = run_python("-c", PROCESS, cwd=PROJECT, variables=variables)
    assert result.returncode == 0, result.stderr
    found: dict[str, str] = json.loads(result.stdout)
    return found
