"""Tables in the documents, which benchmarks renew and pictures are drawn of."""

import re
from pathlib import Path

FIGURES = Path(__file__).parent.parent / "docs" / "figures.md"


def pattern(name: str) -> str:
    """Return the regular expression of a table with its marks, <!-- name --> and <!-- /name -->."""
    return rf"(?s)(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)"


def renew(path: Path, name: str, table: str) -> None:
    """Put a table between the marks of this name in this file.

    Raises:
        ValueError: the file has no such marks.
    """
    text, found = re.subn(pattern(name), lambda m: f"{m[1]}{table}\n{m[3]}", path.read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"{path.name} has no lines <!-- {name} --> and <!-- /{name} --> to put the table between")
    path.write_text(text, encoding="utf-8")


def read(path: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of the table of this name, each by the titles of the columns.

    Raises:
        ValueError: the file has no such table.
    """
    found = re.search(pattern(name), path.read_text(encoding="utf-8"))
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in (found[2] if found else "").splitlines()]
    if len(lines) < 3:
        raise ValueError(f"{path.name} has no table between <!-- {name} --> and <!-- /{name} -->")
    head, _, *rows = lines
    return [dict(zip(head, row, strict=True)) for row in rows]
