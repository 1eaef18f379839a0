"""What these tests share."""

import json

import pytest

from funcweb import route


@pytest.fixture(autouse=True)
def host_json(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand a host.json without a prefix beside the modules; in the template it is Jinja, not JSON."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "host.json").write_text(json.dumps({"extensions": {"http": {"routePrefix": ""}}}), encoding="utf-8")
    monkeypatch.setattr(route, "__file__", str(folder / "funcweb" / "route.py"))
