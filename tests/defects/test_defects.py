"""Each defect is there on stock, and not in what the project makes of it."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import version

import httpx2
import pytest

from functions_host.client import serve
from tests.host import apps
from tests.variants import PROJECT, TEMPLATE

from . import CLAIMS, DEFECTS, Defect, Side
from .client import Client, files


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[bool, Side]]:
    """Return both sides; the local host is started for each that asks for a client."""
    with contextlib.ExitStack() as stack:

        @cache
        def start(ours: bool) -> Client:
            request.getfixturevalue("functions_runtime")
            folder = apps.write(tmp_path_factory.mktemp("app"), files(ours), prefix="")
            # With one thread every sync request meets the context that the one before it has left.
            host = stack.enter_context(serve(folder, env={"PYTHON_THREADPOOL_THREAD_COUNT": "1"}))
            return Client(host, stack.enter_context(httpx2.Client(base_url=host.url, trust_env=False, timeout=20)))

        yield {ours: Side(ours, start) for ours in (False, True)}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_defect_is_still_there(defect: Defect, sides: dict[bool, Side]) -> None:
    problem = defect.problem(defect.see(sides[False]))
    assert problem is None, problem


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_project_works_around_it(defect: Defect, sides: dict[bool, Side]) -> None:
    assert defect.see(sides[True]) == defect.seen[1]


def test_what_is_said_of_a_defect_that_is_not_as_it_was() -> None:
    defect = replace(DEFECTS[0], seen=("wrong", "right"), right="right", right_since="")
    installed = version(defect.package)
    for seen, words in ("right", "has put right"), ("otherwise", "goes another way now in"):
        problem = defect.problem(seen)
        assert problem is not None
        assert problem.startswith(f"{defect.package} {installed} {words} {defect.name!r}")
        assert all(place in problem for place in defect.goes)
    assert defect.problem("wrong") is None
    since = replace(defect, right_since=installed)
    assert since.problem("right") is None and "goes another way now" in str(since.problem("wrong"))
    assert replace(defect, right_since="999").problem("wrong") is None


def names(source: str) -> set[str]:
    """Return the names of all that a module defines, those in classes with the class before them."""

    def of(body: list[ast.stmt], outer: str = "") -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield outer + node.name
            if isinstance(node, ast.ClassDef):
                yield from of(node.body, f"{outer}{node.name}.")
            if isinstance(node, ast.Assign):
                yield from (outer + target.id for target in node.targets if isinstance(target, ast.Name))

    return set(of(ast.parse(source).body))


def test_what_can_go_is_there() -> None:
    places = {place for defect in DEFECTS for place in defect.goes} | {
        place for claim in CLAIMS for place in claim.goes
    }
    assert {place for place in places if not exists(place)} == set(), "tests/defects names what is not there any more"


def exists(place: str) -> bool:
    """Return whether the project, or the template, has this file::name."""
    path, _, name = place.partition("::")
    file = next((folder / path for folder in (PROJECT, TEMPLATE) if (folder / path).exists()), None)
    if file is None:
        return False
    source = file.read_text(encoding="utf-8")
    return not name or name in (names(source) if path.endswith(".py") else source)
