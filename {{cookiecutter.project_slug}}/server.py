"""The app's web server: the Functions host starts it, as host.json says, and forwards every request to it."""

{% if cookiecutter.observability == "opentelemetry" -%}
import funcweb.azure_monitor  # noqa: F401  First, since it instruments what the app imports.

# isort: split
{% endif -%}
{{ cookiecutter.__imports }}

if __name__ == "__main__":
    {{ cookiecutter.__make_middleware }}
