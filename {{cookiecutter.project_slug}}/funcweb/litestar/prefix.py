"""The route prefix for Litestar, which leaves it out of `route_reverse` and of its OpenAPI document."""

from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.datastructures.url import make_absolute_url
from litestar.openapi.spec import Server

from funcweb.route import as_root_path, route_prefix

url_for_without_prefix: Any = ASGIConnection.url_for


class UnderPrefix:
    """What becomes of the class of an app that stands under a route prefix."""

    __slots__ = ()

    def route_reverse(self, *args: Any, **path_parameters: Any) -> str:
        """Return the path of a route handler with the prefix; `url_for` in templates calls this too."""
        path: str = super().route_reverse(*args, **path_parameters)  # type: ignore[misc]
        return as_root_path(route_prefix()) + path


def url_for(self: Any, *args: Any, **path_parameters: Any) -> str:
    """Return the URL of a route handler, in the place of a method of requests that would add the prefix once more."""
    if isinstance(self.app, UnderPrefix):
        path = self.app.route_reverse(*args, **path_parameters)
        return make_absolute_url(path, self.base_url.with_replacements(path="/"))
    url: str = url_for_without_prefix(self, *args, **path_parameters)
    return url


def with_route_prefix(app: Litestar) -> Litestar:
    """Let the app know the prefix. Litestar can only be told of one that its routes are declared with."""
    root_path = as_root_path(route_prefix())
    if root_path:
        # The app has __slots__, so that no method of its own can be set.
        app.__class__ = type("Litestar", (UnderPrefix, type(app)), {"__slots__": ()})
        ASGIConnection.url_for = url_for  # type: ignore[method-assign]
        if app.openapi_config is not None and app.openapi_config.servers == [Server(url="/")]:
            app.openapi_config.servers = [Server(url=root_path)]
    return app
