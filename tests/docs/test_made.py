"""What the documentation shows is what comes out, and each of its pages can be found."""

import re
import tomllib

import pytest

from tests.docs.made import BLOCKS
from tests.variants import TEMPLATE


@pytest.mark.parametrize("name", BLOCKS)
def test_the_page_shows_what_comes_out_today(name: str) -> None:
    page, make = BLOCKS[name]
    (shown,) = re.findall(rf"(?s)<!-- {name} -->\n(.*?)\n<!-- /{name} -->", page.read_text(encoding="utf-8"))
    assert shown == make(), "uv run python -m tests.docs.made renews it"


def test_each_page_is_in_the_navigation_once() -> None:
    site = tomllib.loads((TEMPLATE / "zensical.toml").read_text(encoding="utf-8"))["project"]
    pages = [
        page for section in site["nav"] for entries in section.values() for each in entries for page in each.values()
    ]
    assert sorted(pages) == sorted(path.name for path in (TEMPLATE / "docs").glob("*.md"))
