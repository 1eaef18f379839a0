{%- set row = cookiecutter._frameworks[cookiecutter.framework] -%}
"""Routes that work on this machine, and in Azure would not be reached."""

import warnings
{% if row.route_list.import %}
{{ row.route_list.import }}
{% endif %}
{{ ["from " ~ cookiecutter.__module ~ " import " ~ cookiecutter.__variable ~ (" as app" if cookiecutter.__variable != "app" else "") if "app" in row.route_list.routes, "from funcweb.route import route_prefix"] | select | sort | join("\n") }}

# Without a route prefix, the Functions host keeps what is below these for itself.
HOST_PATHS = {"admin", "runtime"}


def test_warns_of_routes_that_the_functions_host_keeps_for_itself() -> None:
    routes = {{ row.route_list.routes }}
    lost = sorted({route for route in routes if route.strip("/").partition("/")[0].lower() in HOST_PATHS})
    if lost and not route_prefix():
        warnings.warn(
            f"In Azure the Functions host answers {', '.join(lost)} itself, with 404. "
            "Give these routes another path, or all routes a prefix (routePrefix in host.json).",
            stacklevel=1,
        )
