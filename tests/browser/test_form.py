"""A form that a person posts, guarded against cross-site request forgery, over TLS as in Azure."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from functions_host.client import serve
from tests.variants import FRAMEWORKS, one_with

from ..conftest import Bake
from .chromium import visit
from .tls import front_end

# Over TLS Flask-WTF wants a Referer of the same origin, as Django's middleware does where the Origin is null.
APP = '''
from flask import Flask, render_template_string, request
from flask_wtf import CSRFProtect

app = Flask(__name__)
app.secret_key = "for this test"
CSRFProtect(app)

PAGE = """
<link rel="icon" href="data:,">
<form method="post">
  <input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
  <input name="name" placeholder="name">
  <button>Send</button>
</form>
"""


@app.get("/form")
def form() -> str:
    return render_template_string(PAGE)


@app.post("/form")
def posted() -> str:
    return f"Hello, {request.form['name']}, at {request.url}!"
'''


def test_a_form_with_flask_wtf_is_accepted(bake: Bake, browser: Browser) -> None:
    framework = one_with(mode="sync")
    project = bake(framework=framework)
    (project.path / FRAMEWORKS[framework]["package"] / "__init__.py").write_text(APP, encoding="utf-8")
    with (
        serve(project.path, env={"TRUSTED_PROXIES": "2"}) as host,
        front_end(host.url) as url,
        visit(browser) as opened,
    ):
        opened.page.goto(f"{url}/form")
        opened.page.get_by_placeholder("name").fill("Ada")
        opened.page.get_by_role("button", name="Send").click()
        expect(opened.page.locator("body")).to_have_text(f"Hello, Ada, at {url}/form!")
        assert (opened.errors, opened.refused) == ([], [])
