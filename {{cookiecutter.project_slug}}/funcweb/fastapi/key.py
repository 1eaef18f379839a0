"""The documentation page where each request needs a function key, the page's own among them."""

import json
from html import escape
from string import Template
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.docs import swagger_ui_default_parameters
from fastapi.responses import HTMLResponse

SCHEME = {"type": "apiKey", "in": "header", "name": "x-functions-key"}

# A key is typed into this page, so it takes no script but this one of the npm package (W3C Subresource Integrity).
SWAGGER_UI = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0"
STYLE_INTEGRITY = "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"
SCRIPT_INTEGRITY = "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="$url/swagger-ui.css" integrity="$style" crossorigin="anonymous">
</head>
<body>
<div id="swagger-ui"></div>
<script src="$url/swagger-ui-bundle.js" integrity="$script" crossorigin="anonymous"></script>
<script>
const presets = [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset];
SwaggerUIBundle({...$parameters, spec: $description, presets});
</script>
</body>
</html>
""")


def with_key(app: FastAPI) -> FastAPI:
    """Let /docs do with one request that has a key, and ask in "Authorize" for that of the calls it makes.

    The page holds the description itself, so that it need not ask for it with the key in a URL, which is logged. An app
    without /docs (`docs_url=None`) gets none.
    """
    if not app.docs_url or not app.openapi_url:
        return app
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        description = describe()
        description.setdefault("components", {})["securitySchemes"] = {"FunctionKey": SCHEME}
        description["security"] = [{"FunctionKey": []}]
        return description

    app.openapi = openapi  # type: ignore[method-assign]
    routes = app.router.routes
    places = {getattr(route, "path", ""): place for place, route in enumerate(routes)}
    described = routes[places[app.openapi_url]]

    async def docs(request: Request) -> HTMLResponse:
        description = await described.endpoint(request)  # type: ignore[attr-defined]
        parameters = {**swagger_ui_default_parameters, **(app.swagger_ui_parameters or {})}
        page = PAGE.substitute(
            title=escape(app.title),
            url=SWAGGER_UI,
            style=STYLE_INTEGRITY,
            script=SCRIPT_INTEGRITY,
            parameters=in_script(json.dumps(jsonable_encoder(parameters))),
            description=in_script(description.body.decode()),
        )
        # The page's own URL has the key, if it was given as `?code=`. The calls it makes need not tell it.
        return HTMLResponse(page, headers={"Referrer-Policy": "no-referrer"})

    app.add_route(app.docs_url, docs, include_in_schema=False)
    routes[places[app.docs_url]] = routes.pop()
    return app


def in_script(text: str) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return text.replace("<", "\\u003c")
