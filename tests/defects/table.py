"""The list of defects as the tables of docs/defects.md and docs/middleware.md."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.variants import TEMPLATE

from . import CLAIMS, DEFECTS, Claim, Defect

# What a repository is called in the tables, if not by its name.
NAMES = {
    "azure-functions-core-tools": "Core Tools",
    "azure-functions-host": "host",
    "azure-functions-python-library": "library",
    "azure-functions-python-worker": "worker",
    "azure-dev": "azd",
    "fastapi-on-azure-functions": "sample",
    "opentelemetry-python-contrib": "contrib",
}


def link(issue: str) -> str:
    """Return owner/repository#number as a link to the issue or pull request."""
    repository, _, number = issue.partition("#")
    name = repository.partition("/")[2]
    return f"[{NAMES.get(name, name)} #{number}](https://github.com/{repository}/issues/{number})"


def place(workaround: str) -> str:
    """Return file::name as it stands in the tables."""
    path, _, name = workaround.partition("::")
    return f"`{path}`: `{name}`" if name else f"`{path}`"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def links(entry: Defect | Claim) -> str:
    """Return the cell of upstream's issues."""
    return ", ".join(map(link, entry.upstream))


HEAD = ["what", "by itself", "here", "what is there for it", "upstream"]


def row(entry: Defect | Claim) -> list[str]:
    """Return the cells below HEAD."""
    return [entry.what, by_itself(entry), entry.here, ", ".join(map(place, entry.goes)), links(entry)]


def by_itself(entry: Defect | Claim) -> str:
    """Return the cell of what happens without the project, and up to which version, if there is one without it."""
    since = entry.right_since if isinstance(entry, Defect) else ""
    return f"{entry.stock} (before {since})" if since else entry.stock


def from_microsoft(entry: Defect) -> bool:
    """Return whether it is in one of Microsoft's packages."""
    return entry.package.startswith("azure")


def versions(package: str) -> str:
    """Return a package and the versions that pyproject.toml pins, if it pins any: those that the tests are run with."""
    pins = re.findall(rf'"{package}==([^";]+)', (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    return f"{package} {' and '.join(dict.fromkeys(pins))}".rstrip()


def tested() -> str:
    """Return the tables of the defects that a test asserts: one a package of Microsoft's, one for all others."""
    own = dict.fromkeys(entry.package for entry in DEFECTS if from_microsoft(entry))
    sections = [
        f"### {versions(package)}\n\n{table(HEAD, [row(entry) for entry in DEFECTS if entry.package == package])}"
        for package in sorted(own)
    ]
    others = [[versions(entry.package), *row(entry)] for entry in DEFECTS if not from_microsoft(entry)]
    return "\n\n".join([*sections, f"### Frameworks, servers and tools\n\n{table(['where', *HEAD], others)}"])


def read() -> str:
    """Return the table of the defects that were read in a source."""
    rows = [[entry.package, *row(entry), entry.source] for entry in CLAIMS]
    return table(["where", *HEAD, "read in"], rows)


def in_short() -> str:
    """Return the table of those that most people meet, for the page about the middleware."""
    library, runtime = versions("azure-functions"), versions("azure-functions-runtime")
    rows = [[entry.what, by_itself(entry), entry.here, links(entry)] for entry in DEFECTS if entry.common]
    return table(["what", f"{library}, and {runtime}", "here", "upstream"], rows)
