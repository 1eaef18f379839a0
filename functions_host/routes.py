"""Routes as the Functions host matches them: ASP.NET Core templates under a prefix.

The prefix and a slash precede the route (WebJobsRouteBuilder.BuildRouteTemplate), so a route that
starts with a slash is refused under a prefix. More specific routes are tried first
(WebJobsRouteBuilder.RouteComparison). The method is a constraint of the route, so a method that no
route takes is answered 404, not 405 (WebScriptHostHttpRoutesManager). Literals ignore case.

Left out: constraints other than those in `_CONSTRAINTS` (refused by name), ``%SETTING%`` in a
route, and escaped braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cmp_to_key

from .errors import HostError
from .project import Function

_RESERVED = ("admin", "runtime")

_CONSTRAINTS = {
    "alpha": r"[A-Za-z]+",
    "bool": r"true|false",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "double": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "float": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "guid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "int": r"[+-]?\d+",
    "long": r"[+-]?\d+",
}

_PARAMETER = re.compile(
    r"\{(?P<all>\*{0,2})(?P<name>\w+)(?P<constraints>(?::[^:=?{}]+)*)"
    r"(?:=(?P<default>[^{}]*)|(?P<optional>\?))?\}"
)


@dataclass(frozen=True)
class _Segment:
    """What decides the order of routes: the literal, or how many constraints the parameter has."""

    literal: str | None
    constraints: int = 0


@dataclass(frozen=True)
class Route:
    """A function's route, ready to match."""

    function: Function
    template: str
    pattern: re.Pattern[str]
    defaults: dict[str, str]
    groups: dict[str, str]
    segments: tuple[_Segment, ...]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the route parameters for `path` (decoded, with its slash), or None."""
        if self.function.methods and method.upper() not in self.function.methods:
            return None
        found = self.pattern.fullmatch(path.removeprefix("/"))
        if found is None:
            return None
        # Only parameters with a value are sent (GrpcMessageConversionExtensions).
        values = {name: found.group(group) for group, name in self.groups.items()}
        return self.defaults | {name: value for name, value in values.items() if value}


def _parse_segment(
    text: str, last: bool, groups: dict[str, str], defaults: dict[str, str]
) -> tuple[str, bool, _Segment]:
    """Return a segment's pattern, whether it may be absent, and what decides its place in the order."""
    pattern, position, absent, constraint_count = "", 0, False, 0
    for parameter in _PARAMETER.finditer(text):
        pattern += re.escape(text[position : parameter.start()])
        position = parameter.end()
        name, catch_all = parameter["name"], bool(parameter["all"])
        if name.lower() in (known.lower() for known in groups.values()):
            raise ValueError(f"the parameter {name!r} appears twice")
        constraints = [c for c in parameter["constraints"].split(":") if c]
        constraint_count = constraint_count or len(constraints)
        body = ".*" if catch_all else "[^/]+?"
        for constraint in constraints:
            if constraint not in _CONSTRAINTS:
                known = ", ".join(_CONSTRAINTS)
                raise ValueError(f"the constraint {constraint!r} is not one of {known}")
            body = _CONSTRAINTS[constraint]
        if catch_all and (not last or parameter.span() != (0, len(text))):
            raise ValueError("a catch-all parameter must be the last segment")
        group = f"p{len(groups)}"
        groups[group] = name
        pattern += f"(?P<{group}>{body})"
        if parameter["default"] is not None:
            defaults[name] = parameter["default"]
        absent = absent or catch_all or bool(parameter["optional"]) or name in defaults
    rest = text[position:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"the segment {text!r} cannot be read")
    pattern += re.escape(rest)
    literal = None if text.startswith("{") else text
    return pattern, absent, _Segment(literal, constraint_count)


def parse(function: Function, prefix: str) -> Route:
    """Parse the function's route template under `prefix`; raise `HostError` where the host refuses it."""
    template = f"{prefix}/{function.route}" if prefix else function.route
    groups: dict[str, str] = {}
    defaults: dict[str, str] = {}
    segments: list[_Segment] = []
    pattern = ""
    try:
        if function.route.strip("/").lower().startswith(_RESERVED):
            raise ValueError("routes that start with 'admin' or 'runtime' belong to the host")
        if "//" in template:
            raise ValueError("the separator '/' cannot appear twice in a row")
        parts = template.removeprefix("/").removesuffix("/").split("/")
        for number, part in enumerate(parts):
            body, absent, segment = _parse_segment(part, number == len(parts) - 1, groups, defaults)
            body = f"/{body}" if number else body
            pattern += f"(?:{body})?" if absent else body
            segments.append(segment)
    except ValueError as error:
        hint = (
            f" Under the route prefix {prefix!r} the route must not start with a slash: declare "
            "it yourself as '{*route}' (AsgiFunctionApp and WsgiFunctionApp use '/{*route}')."
            if prefix and function.route.startswith("/")
            else " Change the route of the function."
        )
        raise HostError(f"The route {template!r} of the function {function.name} is refused: {error}.{hint}") from None
    compiled = re.compile(f"{pattern}/?", re.IGNORECASE | re.DOTALL)
    return Route(function, template, compiled, defaults, groups, tuple(segments))


def _compare(one: Route, other: Route) -> int:
    for number, a in enumerate(one.segments):
        if number >= len(other.segments):
            return -1
        b = other.segments[number]
        if (a.literal is None) != (b.literal is None):
            return 1 if a.literal is None else -1
        if a.literal is None or b.literal is None:
            if a.constraints != b.constraints:
                return b.constraints - a.constraints
        elif a.literal.lower() != b.literal.lower():
            return -1 if a.literal.lower() < b.literal.lower() else 1
    return 1 if len(other.segments) > len(one.segments) else 0


def build_routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """Return the routes of the HTTP functions in the order in which to try them."""
    routes = [parse(function, prefix) for function in functions if function.http_trigger]
    for number, route in enumerate(routes):
        for other in routes[:number]:
            a, b = set(route.function.methods), set(other.function.methods)
            same = route.template.strip("/").lower() == other.template.strip("/").lower()
            if same and (not a or not b or a & b):
                raise HostError(
                    f"The route {route.template!r} of the function {route.function.name} is also "
                    f"that of {other.function.name}: give each its own route or its own methods."
                )
    return sorted(routes, key=cmp_to_key(_compare))
