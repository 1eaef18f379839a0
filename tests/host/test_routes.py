"""Route templates, as ASP.NET Core reads them."""

from __future__ import annotations

import pytest

from functions_host.errors import HostError
from functions_host.project import Function
from functions_host.routes import build_routes, parse


def function(route: str | None, *methods: str, name: str = "f") -> Function:
    """Return an HTTP function."""
    trigger = {"type": "httpTrigger", "name": "req", "route": route, "methods": methods}
    return Function(name, name, "", "", "", (trigger,))


@pytest.mark.parametrize(
    ("route", "path", "params"),
    [
        (None, "/f", {}),
        ("", "/f", {}),
        ("a/b", "/A/b", {}),
        ("a/b", "/a/b/", {}),
        ("a/b", "/a", None),
        ("{*route}", "/", {}),
        ("{*route}", "/a/b/", {"route": "a/b/"}),
        ("{**route}", "/a", {"route": "a"}),
        ("/{*route}", "/a", {"route": "a"}),
        ("x/{*route}", "/x", {}),
        ("x/{*route}", "/x/a\nb", {"route": "a\nb"}),
        ("x/{*route}", "/xa", None),
        ("{a}", "/", None),
        ("{a}/x", "/1/x", {"a": "1"}),
        ("{a}/x", "//x", None),
        ("{a?}", "/", {}),
        ("x/{a?}", "/x", {}),
        ("x/{a?}", "/x/1", {"a": "1"}),
        ("x/{a=7}", "/x", {"a": "7"}),
        ("x/{a=7}", "/x/8", {"a": "8"}),
        ("{a:int}", "/1", {"a": "1"}),
        ("{a:int}", "/one", None),
        ("{a:alpha}", "/one", {"a": "one"}),
        ("{a:bool}", "/TRUE", {"a": "TRUE"}),
        ("{a:guid}", "/0af76519-16cd-43dd-8448-eb211c80319c", None),
        ("{a:guid}", "/0af76519-16cd-43dd-8448-eb211c80319c0", None),
        ("{a}.{b}", "/x.y", {"a": "x", "b": "y"}),
        ("a+b", "/a+b", {}),
        ("a+b", "/aab", None),
    ],
)
def test_match(route: str | None, path: str, params: dict[str, str] | None) -> None:
    if route == "{a:guid}" and len(path) == 37:
        params = {"a": path[1:]}
    assert parse(function(route), "").match("GET", path) == params


def test_the_prefix_comes_before_the_route() -> None:
    route = parse(function("x"), "api/v1")
    assert route.match("GET", "/api/v1/x") == {}
    assert route.match("GET", "/x") is None


def test_methods_compare_without_regard_to_case() -> None:
    route = parse(function("x", "get", "POST"), "")
    assert route.match("GET", "/x") == {}
    assert route.match("PUT", "/x") is None


@pytest.mark.parametrize(
    ("route", "prefix", "reason"),
    [
        ("/{*route}", "api", "cannot appear twice in a row"),
        ("a//b", "", "cannot appear twice in a row"),
        ("{*a}/b", "", "must be the last segment"),
        ("x{*a}", "", "must be the last segment"),
        ("{a}/{A}", "", "appears twice"),
        ("{a:even}", "", "'even' is not one of alpha, bool"),
        ("{a", "", "cannot be read"),
        ("admin/x", "", "belong to the host"),
        ("Runtime", "", "belong to the host"),
    ],
)
def test_refused(route: str, prefix: str, reason: str) -> None:
    with pytest.raises(HostError, match=reason) as error:
        parse(function(route), prefix)
    assert "of the function f is refused" in str(error.value)


def test_order() -> None:
    given = ["{*all}", "{a}", "items/{id}", "items/{id:int}", "items/new", "items", "items/{id}/x"]
    functions = [function(route, name=str(n)) for n, route in enumerate(given)]
    assert [route.template for route in build_routes(functions, "")] == [
        "items/new",
        "items/{id:int}",
        "items/{id}/x",
        "items/{id}",
        "items",
        "{*all}",
        "{a}",
    ]


def test_two_functions_cannot_share_a_route_and_a_method() -> None:
    one, other = function("x", "GET", name="one"), function("/X/", "GET", "POST", name="other")
    with pytest.raises(HostError, match="also that of one"):
        build_routes([one, other], "")
    assert len(build_routes([one, function("x", "POST", name="other")], "")) == 2
