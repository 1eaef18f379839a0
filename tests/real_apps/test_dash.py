"""Dash (WSGI): its page, its assets and a callback, as the browser asks for them."""

import json
import re

import pytest

from tests.real_apps.conftest import browser, root_of, serve_app

# As Dash's documentation has it, with the two settings for a prefix.
APP = """
import os

from dash import Dash, Input, Output, dcc, html

prefix = os.environ.get("PREFIX", "{prefix}")
app = Dash(__name__, routes_pathname_prefix="/", requests_pathname_prefix=prefix)
server = app.server
app.layout = html.Div([dcc.Input(id="name", value="Ada"), html.Div(id="greeting")])


@app.callback(Output("greeting", "children"), Input("name", "value"))
def greet(name):
    return f"Hello, {{name}}!"
"""


@pytest.mark.parametrize("mode", ["sync", "sync on its own server"])
def test_page_assets_and_callback(mode: str, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("dash") / "dashboard"
    path = f"/{prefix}/" if prefix else "/"
    files = {"dashboard.py": APP.format(prefix=path), "assets/own.css": "body { color: red }\n"}
    with serve_app(folder, "dashboard:server", mode, prefix, files) as host, browser() as session:
        root = root_of(host, prefix)
        page = session.get(f"{root}/")
        assert page.status_code == 200
        config = json.loads(re.findall(r'id="_dash-config"[^>]*>(.*?)<', page.text)[0])
        assert config["requests_pathname_prefix"] == path
        scripts = re.findall(r'(?:src|href)="([^"]+\.(?:js|css)[^"]*)"', page.text)
        assert any("own.css" in script for script in scripts) and len(scripts) > 3
        for script in scripts:
            assert session.get(f"{host.url}{script}").status_code == 200, script
        assert session.get(f"{root}/_dash-layout").json()["type"] == "Div"
        (dependency,) = session.get(f"{root}/_dash-dependencies").json()
        asked = {
            "output": dependency["output"],
            "outputs": {"id": "greeting", "property": "children"},
            "inputs": [{"id": "name", "property": "value", "value": "José"}],
            "changedPropIds": ["name.value"],
        }
        answer = session.post(f"{root}/_dash-update-component", json=asked).json()
        assert answer["response"] == {"greeting": {"children": "Hello, José!"}}
