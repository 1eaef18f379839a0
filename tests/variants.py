"""Every valid combination of answers, derived from cookiecutter.json."""

import json
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

TEMPLATE = Path(__file__).parent.parent
CONTEXT: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
FRAMEWORKS: dict[str, dict[str, Any]] = CONTEXT["_frameworks"]
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"

NEST_ASYNCIO_PYTHONS = ("3.11", "3.12")

# The questions with few answers; route_prefix is free text, of which these are the kinds.
ANSWERS: dict[str, list[str]] = {
    "framework": CONTEXT["framework"],
    "async_mode": CONTEXT["async_mode"],
    "programming_model": CONTEXT["programming_model"],
    "python_version": CONTEXT["python_version"],
    "route_prefix": ["", "api", "api/v1"],
    "auth_level": CONTEXT["auth_level"],
}
FULL_PRODUCT = ("framework", "async_mode", "programming_model")


class Variant(NamedTuple):
    """One combination of answers."""

    framework: str
    async_mode: str
    programming_model: str
    python_version: str
    route_prefix: str
    auth_level: str

    @property
    def row(self) -> dict[str, Any]:
        """The framework's row in the table."""
        return FRAMEWORKS[self.framework]

    @property
    def mode(self) -> str:
        """The way it runs, with `auto` resolved."""
        mode: str = self.row["auto"] if self.async_mode == "auto" else self.async_mode
        return mode

    @property
    def interface(self) -> str:
        """`wsgi` or `asgi`."""
        interface: str = self.row["interfaces"][self.mode]
        return interface

    @property
    def works(self) -> bool:
        """Whether the template takes it."""
        if self.mode not in self.row["interfaces"]:
            return False
        return self.mode != "nest_asyncio" or self.python_version in NEST_ASYNCIO_PYTHONS

    @property
    def pairs(self) -> frozenset[tuple[tuple[str, str], ...]]:
        """All pairs of its answers."""
        return frozenset(combinations(self._asdict().items(), 2))

    @property
    def root_path(self) -> str:
        """The route prefix as it stands in a URL."""
        return f"/{self.route_prefix}" if self.route_prefix else ""

    def __str__(self) -> str:
        """Return an id that can be read in a test report."""
        prefix = self.route_prefix.replace("/", "_") or "root"
        return "-".join([*self[:3], f"py{self.python_version}", prefix, self.auth_level])


def all_combinations() -> Iterator[Variant]:
    """Yield the product of all answers, whether it works or not."""
    return (Variant(*answers) for answers in product(*ANSWERS.values()))


def chosen_variants() -> list[Variant]:
    """Return the variants to test.

    They hold every valid combination of framework, async mode and programming model, and every pair of answers to
    any two questions that occurs in a valid combination.
    """
    valid = [variant for variant in all_combinations() if variant.works]
    missing = set().union(*(variant.pairs for variant in valid))
    chosen = []
    for base in product(*(ANSWERS[question] for question in FULL_PRODUCT)):
        candidates = [variant for variant in valid if variant[: len(FULL_PRODUCT)] == base]
        if candidates:
            chosen.append(max(candidates, key=lambda variant: len(variant.pairs & missing)))
            missing -= chosen[-1].pairs
    while missing:
        chosen.append(max(valid, key=lambda variant: len(variant.pairs & missing)))
        missing -= chosen[-1].pairs
    return chosen


def refused_combinations() -> list[Variant]:
    """Return each combination of framework, async mode and Python version that does not work, once."""
    refused = {variant[:2] + variant[3:4]: variant for variant in all_combinations() if not variant.works}
    return list(refused.values())


VARIANTS = chosen_variants()
