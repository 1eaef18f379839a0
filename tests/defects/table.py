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


OTHERS = "Frameworks, servers and tools"


def link(issue: str) -> str:
    """Return owner/repository#number as a link to the issue or pull request."""
    repository, _, number = issue.partition("#")
    name = repository.partition("/")[2]
    return f"[{NAMES.get(name, name)} #{number}](https://github.com/{repository}/issues/{number})"


def place(workaround: str) -> str:
    """Return file::name as it stands in the tables."""
    path, _, name = workaround.partition("::")
    return f"`{name}` in `{path}`" if name else f"`{path}`"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


HEAD = ["what", "by itself", "here", "what is there for it"]


def row(entry: Defect | Claim) -> list[str]:
    """Return the cells below HEAD: upstream's issues are named with what is wrong."""
    links = f" ({', '.join(map(link, entry.upstream))})" if entry.upstream else ""
    since = entry.right_since if isinstance(entry, Defect) else ""
    stock = f"{entry.stock} (before {since})" if since else entry.stock
    return [entry.what + links, stock, entry.here, ", ".join(map(place, entry.goes))]


def versions(package: str) -> str:
    """Return a package and the versions that pyproject.toml pins, if it pins any: those that the tests are run with."""
    pins = re.findall(rf'"{package}==([^";]+)', (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    return f"{package} {' and '.join(dict.fromkeys(pins))}".rstrip()


def sections(head: list[str], rows: dict[str, list[list[str]]]) -> str:
    """Return a heading and a table for each package or program."""
    return "\n\n".join(f"### {title}\n\n{table(head, found)}" for title, found in rows.items())


def tested() -> str:
    """Return the tables of the defects that a test asserts: one a package of Microsoft's, one for all others."""
    own: dict[str, list[list[str]]] = {}
    others = []
    for entry in DEFECTS:
        if entry.package.startswith(("azure-functions", "azurefunctions")):
            own.setdefault(versions(entry.package), []).append(row(entry))
        else:
            others.append([versions(entry.package), *row(entry)])
    return f"{sections(HEAD, dict(sorted(own.items())))}\n\n{sections(['where', *HEAD], {OTHERS: others})}"


def read() -> str:
    """Return the tables of the defects that were read in a source."""
    programs: dict[str, list[list[str]]] = {}
    for entry in CLAIMS:
        programs.setdefault(entry.package, []).append([*row(entry), entry.source])
    return sections([*HEAD, "read in"], programs)


def in_short() -> str:
    """Return the table of those that most people meet, for the page about the middleware."""
    stock = f"{versions('azure-functions')}, and {versions('azure-functions-runtime')}"
    return table(["what", stock, "here"], [row(entry)[:3] for entry in DEFECTS if entry.common])
