"""A table in the documents that a benchmark renews."""

import re
from pathlib import Path


def renew(path: Path, name: str, table: str) -> None:
    """Put a table between the marks <!-- name --> and <!-- /name --> of this file.

    Raises:
        ValueError: the file has no such marks.
    """
    pattern = rf"(?s)(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    text, found = re.subn(pattern, lambda m: f"{m[1]}{table}\n{m[2]}", path.read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"{path.name} has no lines <!-- {name} --> and <!-- /{name} --> to put the table between")
    path.write_text(text, encoding="utf-8")
