{%- set row = cookiecutter._frameworks[cookiecutter.framework] -%}
{%- set glue = "funcweb." ~ cookiecutter.framework ~ "." -%}
{%- set wrappers = [] -%}
{%- for path in cookiecutter.__wrappers.split() -%}
{%- set module, function = path.split(".") -%}
{%- set _ = wrappers.append((glue ~ module, function)) -%}
{%- endfor -%}
"""What is put around the web app before it is served."""

from typing import Any

{% for module, function in wrappers | sort -%}
from {{ module }} import {{ function }}
{% endfor %}

def wrap(app: Any) -> Any:
    """Return the app as it is to be called."""
    return {% for module, function in wrappers %}{{ function }}({% endfor %}app{{ ")" * wrappers | length }}
