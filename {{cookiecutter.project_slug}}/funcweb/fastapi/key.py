"""The documentation page where each request needs a function key, the page's own among them."""

from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

SCHEME = {"type": "apiKey", "in": "header", "name": "x-functions-key"}


def with_key(app: FastAPI) -> FastAPI:
    """Let /docs?code=KEY load the description with that key, and ask in "Authorize" for that of the calls it makes."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        description = describe()
        description.setdefault("components", {})["securitySchemes"] = {"FunctionKey": SCHEME}
        description["security"] = [{"FunctionKey": []}]
        return description

    def docs(request: Request) -> HTMLResponse:
        query = urlencode({"code": request.query_params.get("code", "")})
        url = f"{request.scope.get('root_path', '')}{app.openapi_url}?{query}"
        return get_swagger_ui_html(openapi_url=url, title=app.title)

    app.openapi = openapi  # type: ignore[method-assign]
    app.router.routes = [route for route in app.routes if getattr(route, "path", None) != app.docs_url]
    app.add_api_route("/docs", docs, include_in_schema=False)
    return app
