{%- set testing = "asgi" if cookiecutter.__middleware == "asgi" else cookiecutter.__middleware_module -%}
"""The app {% if cookiecutter.__interface == "asgi" %}starts and {% endif %}answers, through the Azure Function."""

{{ [
  "from " ~ cookiecutter.__module ~ " import " ~ cookiecutter.__variable ~ (" as web_app" if cookiecutter.__variable != "web_app" else ""),
  "from " ~ cookiecutter.__entry.removesuffix(".py") ~ " import main",
  "from funcweb.testing." ~ testing ~ " import ThroughFunction",
  "from funcweb.testing.smoke_" ~ cookiecutter.__interface ~ " import status_of",
] | sort | join("\n") }}

PATH = "/"  # Without the route prefix. Another one may tell more about your app.


def test_answers_through_the_function():
    assert status_of(ThroughFunction(web_app, main), PATH) < 500
