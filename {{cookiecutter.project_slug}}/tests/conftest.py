{%- set row = cookiecutter._frameworks[cookiecutter.framework] -%}
{%- set test_client = cookiecutter._frameworks[cookiecutter.framework].apps[cookiecutter.__interface].test_client -%}
{%- set testing = "asgi" if cookiecutter.__middleware == "asgi" else cookiecutter.__middleware_module -%}
{%- set ways = cookiecutter.__middleware != "server" -%}
{%- set client_import = "from " ~ test_client.module ~ " import " ~ test_client.name -%}
"""The test client{% if cookiecutter.__middleware != "server" %}, for two ways to the app: straight to it, and through the Azure Function{% endif %}."""

{% if row.settings is defined -%}
import os
{% endif -%}
import sys
from pathlib import Path

import pytest
{%- if not test_client.module.startswith("funcweb.") %}
{{ client_import }}
{%- endif %}
{%- for name, value in (row.settings | default({})).items() %}
{%- if loop.first %}

# As in local.settings.json, before the app is imported.
{%- endif %}
os.environ.setdefault("{{ name }}", "{{ value }}")
{%- endfor %}

{{ [
  "from " ~ cookiecutter.__module ~ " import " ~ cookiecutter.__variable ~ (" as app" if cookiecutter.__variable != "app" else ""),
  "from " ~ cookiecutter.__entry.removesuffix(".py") ~ " import main" if ways else "",
  "from funcweb.testing." ~ testing ~ " import ThroughFunction" if ways else "",
  client_import if test_client.module.startswith("funcweb.") else "",
] | select | sort | join("\n") }}

{% if cookiecutter.framework == "django" -%}
pytest_plugins = ["funcweb.testing.django_database"]

{% endif -%}
{% if ways -%}
function = ThroughFunction(app, main)

{% endif %}
def pytest_report_header():
    """Say so where the tests run on another Python than the app does in Azure, which `.python-version` names."""
    file = Path(__file__).parents[1] / ".python-version"
    running = "{}.{}".format(*sys.version_info)
    wanted = file.read_text(encoding="utf-8").strip() if file.exists() else running
    if wanted.split(".")[:2] == running.split("."):
        return []
    return [f"This is Python {running}, but in Azure the app runs on Python {wanted} (.python-version)."]

{% set client_of = test_client.name ~ ("(app if request.param == \"app\" else function)" if ways else "(app)") %}
{%- set request = "request" if ways else "" %}
{%- set params = ", params=[\"app\", \"function\"]" if ways else "" -%}
{% if test_client.keeps_cookies %}
@pytest.fixture(scope="module"{{ params }})
def started({{ request }}):
    """The test client, of an app that is started once for all tests of a module."""
    with {{ client_of }} as started:
        yield started


@pytest.fixture
def client(started):
    """The test client, without the cookies of the test before."""
    started.cookies.clear()
    return started
{%- elif test_client.starts_app | default(cookiecutter.__interface == "asgi") %}
@pytest.fixture(scope="module"{{ params }})
def client({{ request }}):
    """The test client, of an app that is started once for all tests of a module."""
    with {{ client_of }} as client:
        yield client
{%- else %}
@pytest.fixture{{ "(params=[\"app\", \"function\"])" if ways }}
def client({{ request }}):
    """The test client."""
    return {{ client_of }}
{%- endif %}
