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
    "deployment": CONTEXT["deployment"],
    "ci": CONTEXT["ci"],
    "observability": CONTEXT["observability"],
    "devcontainer": CONTEXT["devcontainer"],
}
DEFAULTS = {question: answers[0] for question, answers in ANSWERS.items()}
FULL_PRODUCT = ("framework", "async_mode", "programming_model")
RULED = (*FULL_PRODUCT, "python_version")  # Between the answers to these there are rules; the others go with anything.

Pair = tuple[tuple[str, str], tuple[str, str]]


class Variant(NamedTuple):
    """One combination of answers."""

    framework: str
    async_mode: str
    programming_model: str
    python_version: str
    route_prefix: str
    auth_level: str
    deployment: str
    ci: str
    observability: str
    devcontainer: str

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
    def middleware(self) -> str:
        """`wsgi`, `asgi` or `streaming`."""
        return "streaming" if self.mode == "streaming" else self.interface

    @property
    def app(self) -> str:
        """The module of its app."""
        return f"{self.row['package']}.streaming" if self.mode == "streaming" else str(self.row["package"])

    @property
    def works(self) -> bool:
        """Whether the template takes it."""
        if self.mode not in self.row["interfaces"]:
            return False
        if self.mode == "streaming":
            return self.programming_model == "v2"
        return self.mode != "nest_asyncio" or self.python_version in NEST_ASYNCIO_PYTHONS

    @property
    def root_path(self) -> str:
        """The route prefix as it stands in a URL."""
        return f"/{self.route_prefix}" if self.route_prefix else ""

    def __str__(self) -> str:
        """Return an id that can be read in a test report; of the last questions it names only what is not default."""
        prefix = self.route_prefix.replace("/", "_") or "root"
        others = list(self._asdict().items())[6:]
        changed = [f"{question}={answer}" for question, answer in others if answer != DEFAULTS[question]]
        return "-".join([*self[:3], f"py{self.python_version}", prefix, self.auth_level, *changed])


def combinations_of(*questions: str) -> Iterator[Variant]:
    """Yield each combination of answers to these questions, and the default answers to the others."""
    for answers in product(*(ANSWERS[question] for question in questions)):
        yield Variant(**{**DEFAULTS, **dict(zip(questions, answers, strict=True))})


def pairs(answers: dict[str, str]) -> set[Pair]:
    """Return all pairs of answers."""
    return set(combinations(sorted(answers.items()), 2))


def valid_pairs() -> set[Pair]:
    """Return every pair of answers to any two questions that occurs in a variant that works."""
    return {
        pair
        for free in combinations([question for question in ANSWERS if question not in RULED], 2)
        for variant in combinations_of(*RULED, *free)
        if variant.works
        for pair in pairs({question: getattr(variant, question) for question in (*RULED, *free)})
    }


def completed(answers: dict[str, str], missing: set[Pair]) -> Variant:
    """Answer the other questions so that many missing pairs are met."""
    for question in ANSWERS:
        if question not in answers:
            choices = [{**answers, question: answer} for answer in ANSWERS[question]]
            working = [choice for choice in choices if Variant(**{**DEFAULTS, **choice}).works or question not in RULED]
            answers = max(working, key=lambda choice: len(pairs(choice) & missing))
    return Variant(**answers)


def chosen_variants() -> list[Variant]:
    """Return the variants to test.

    They hold every valid combination of framework, async mode and programming model, and every pair of answers to
    any two questions that occurs in a valid combination.
    """
    missing = valid_pairs()
    valid = [
        {question: getattr(variant, question) for question in RULED}
        for variant in combinations_of(*RULED)
        if variant.works
    ]
    cores = {tuple(ruled[question] for question in FULL_PRODUCT): None for ruled in valid}
    chosen = []
    for core in cores:
        chosen.append(completed(dict(zip(FULL_PRODUCT, core, strict=True)), missing))
        missing -= pairs(chosen[-1]._asdict())
    while missing:
        pair = dict(min(missing))
        ruled = next(
            ruled for ruled in valid if all(pair.get(question, answer) == answer for question, answer in ruled.items())
        )
        chosen.append(completed({**ruled, **pair}, missing))
        missing -= pairs(chosen[-1]._asdict())
    return chosen


def refused_combinations() -> list[Variant]:
    """Return each combination of framework, async mode, programming model and Python version that does not work."""
    return [variant for variant in combinations_of(*RULED) if not variant.works]


VARIANTS = chosen_variants()
