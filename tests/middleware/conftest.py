"""What these tests share."""

import json
import logging
from collections.abc import Iterator

import pytest

from funcweb import route
from tests.middleware.requests import Answer, answer_asgi, answer_wsgi


@pytest.fixture(autouse=True)
def host_json(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand a host.json without a prefix beside the modules; in the template it is Jinja, not JSON."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "host.json").write_text(json.dumps({"extensions": {"http": {"routePrefix": ""}}}), encoding="utf-8")
    monkeypatch.setattr(route, "__file__", str(folder / "funcweb" / "route.py"))


@pytest.fixture(params=[answer_wsgi, answer_asgi])
def answer(request: pytest.FixtureRequest) -> Answer:
    """Answer by either interface."""
    chosen: Answer = request.param
    return chosen


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Give the root logger its level and handlers back: some frameworks configure it for the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
