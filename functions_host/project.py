"""The files of a function app: host.json, local.settings.json, function.json.

Left out: comments in these files (the real host allows them, Python's json does not), encrypted
settings, extension bundles, and all of host.json except the route prefix, custom headers, queues and the custom
handler.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import HostError

Binding = Mapping[str, Any]

_DEFAULT_PREFIX = "api"
_AUTH_LEVELS = ("anonymous", "function", "admin")


@dataclass(frozen=True)
class Function:
    """One function of an app, whichever programming model it was written in."""

    name: str
    id: str
    directory: str
    script_file: str
    entry_point: str
    bindings: tuple[Binding, ...]

    def first(self, binding_type: str) -> Binding | None:
        """Return the first binding of this type; types compare without regard to case."""
        wanted = binding_type.lower()
        return next((b for b in self.bindings if str(b.get("type", "")).lower() == wanted), None)

    @property
    def http_trigger(self) -> Binding | None:
        """The HTTP trigger, or None for a function that something else fires."""
        return self.first("httpTrigger")

    @property
    def trigger(self) -> Binding | None:
        """The binding that fires the function, whatever its type."""
        return next((b for b in self.bindings if str(b.get("type", "")).lower().endswith("trigger")), None)

    @property
    def trigger_type(self) -> str:
        """The type of the trigger, for the listing."""
        return str(self.trigger["type"]) if self.trigger else "no trigger"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods this function answers; none named means all of them."""
        return tuple(str(m).upper() for m in (self.http_trigger or {}).get("methods") or ())

    @property
    def route(self) -> str:
        """The route template; its default is the function's name (host: ValidateHttpFunction)."""
        route = str((self.http_trigger or {}).get("route") or "")
        return route if route.strip() else self.name

    @property
    def auth_level(self) -> str:
        """The level a caller needs: anonymous, function or admin."""
        return str((self.http_trigger or {}).get("authLevel") or "function").lower()


@dataclass(frozen=True)
class Project:
    """A function app's folder."""

    path: Path
    route_prefix: str
    is_v2: bool
    custom_headers: Mapping[str, str]
    custom_handler: Mapping[str, Any] | None = None
    queues: Mapping[str, Any] = field(default_factory=dict)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        # Visual Studio writes a byte order mark.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise HostError(f"{path} holds a JSON {type(content).__name__}, not an object.")
    return content


def read_project(path: Path) -> Project:
    """Read the app in `path`: its route prefix, and which programming model it uses.

    An app with function_app.py is v2, as the v2 runtime indexes it; any other is v1. Raises `HostError` for a folder
    that holds no function app, or a file that cannot be read.
    """
    if not path.is_dir():
        raise HostError(f"{path} is not a folder: give the folder of a function app.")
    if not (path / "host.json").is_file():
        raise HostError(f"{path} has no host.json: give the folder of a function app.")
    settings = _read_json(path / "host.json")
    extensions = settings.get("extensions") or {}
    http = extensions.get("http") or {}
    prefix = http.get("routePrefix", _DEFAULT_PREFIX)
    is_v2 = (path / "function_app.py").is_file()
    headers = http.get("customHeaders") or {}
    queues = extensions.get("queues") or {}
    return Project(path.resolve(), prefix or "", is_v2, headers, settings.get("customHandler"), queues)


def apply_settings(project: Project, environ: MutableMapping[str, str], url: str) -> None:
    """Add the app settings to the environment variables.

    A variable that is already set wins over local.settings.json, as with `func start`, which also
    sets the others named here.
    """
    settings_file = project.path / "local.settings.json"
    values: dict[str, Any] = {}
    if settings_file.is_file():
        settings = _read_json(settings_file)
        if settings.get("IsEncrypted"):
            raise HostError(f"{settings_file} is encrypted: run `func settings decrypt` first.")
        values = settings.get("Values") or {}
    values |= {
        "AzureWebJobsScriptRoot": str(project.path),
        "AZURE_FUNCTIONS_ENVIRONMENT": values.get("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        "WEBSITE_HOSTNAME": url.removeprefix("http://"),
    }
    for name, value in values.items():
        environ.setdefault(name, str(value))


def read_function_json(project: Project) -> list[Function]:
    """Read the functions of a v1 app: every folder that holds a function.json."""
    functions = []
    for path in sorted(project.path.glob("*/function.json")):
        content = _read_json(path)
        if content.get("disabled") is True:
            continue
        functions.append(
            Function(
                name=path.parent.name,
                id=str(uuid.uuid4()),
                directory=str(path.parent),
                script_file=str(path.parent / (content.get("scriptFile") or "__init__.py")),
                entry_point=content.get("entryPoint") or "",
                bindings=tuple(content.get("bindings") or ()),
            )
        )
    return functions


def enabled(functions: Iterable[Function], environ: Mapping[str, str]) -> list[Function]:
    """Return the functions that no app setting ``AzureWebJobs.NAME.Disabled`` turns off, sorted by name.

    The host sorts them too (FunctionMetadataManager), so that neither the listing nor ties between
    routes depend on the order in a file. Raises `HostError` for an unknown auth level.
    """

    def is_disabled(name: str) -> bool:
        keys = (f"AzureWebJobs.{name}.Disabled", f"AzureWebJobs_{name}_Disabled")
        return any(environ.get(key, "").lower() in ("1", "true") for key in keys)

    kept = [function for function in functions if not is_disabled(function.name)]
    for function in kept:
        if function.http_trigger and function.auth_level not in _AUTH_LEVELS:
            raise HostError(
                f"The function {function.name} has the auth level {function.auth_level!r}; "
                f"this host knows {', '.join(_AUTH_LEVELS)}."
            )
    return sorted(kept, key=lambda function: function.name.lower())
