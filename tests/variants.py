"""Every valid combination of answers, derived from cookiecutter.json."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context
from jinja2 import Environment, Template

TEMPLATE = Path(__file__).parent.parent
CONTEXT: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
ROWS: dict[str, dict[str, Any]] = CONTEXT["_frameworks"]
FRAMEWORKS = {name: row for name, row in ROWS.items() if row["package"]}  # Those with a sample; see tests/own_app.
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"

NEST_ASYNCIO_PYTHONS = ("3.11", "3.12")

QUESTIONS = [name for name in CONTEXT if not name.startswith("_")]

# The questions with few answers; route_prefix is free text, of which these are the kinds.
FEW = {
    "framework": [name for name in CONTEXT["framework"] if name in FRAMEWORKS],
    "route_prefix": ["", "api", "api/v1"],
}
ANSWERS: dict[str, list[str]] = {
    question: FEW.get(question, CONTEXT[question])
    for question in QUESTIONS
    if question in FEW or isinstance(CONTEXT[question], list)
}
CORE = ("framework", "async_mode", "programming_model")
# Between the answers to these there are rules; the others go with anything, but `jobs` with no custom handler.
RULED = (*CORE, "python_version")

# What a test bakes where the answer does not matter to it, whatever the defaults are; and where there is no such
# choice any more, the first that there is.
PREFERRED = {"python_version": "3.13", "auth_level": "anonymous", "route_prefix": ""}
PLAIN = {
    question: PREFERRED[question] if PREFERRED.get(question) in choices else choices[0]
    for question, choices in ANSWERS.items()
}

Pair = tuple[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Variant:
    """One combination of answers, each of which is an attribute too."""

    answers: dict[str, str]

    def __getattr__(self, question: str) -> str:
        """Return the answer to a question."""
        try:
            return self.answers[question]
        except KeyError:
            raise AttributeError(question) from None

    def but(self, **answers: str) -> "Variant":
        """Return a variant with other answers."""
        return Variant({**self.answers, **answers})

    @property
    def core(self) -> tuple[str, ...]:
        """Framework, async mode and programming model."""
        return tuple(self.answers[question] for question in CORE)

    @property
    def row(self) -> dict[str, Any]:
        """The framework's row in the table."""
        return ROWS[self.framework]

    @property
    def mode(self) -> str:
        """The way it runs, with `auto` resolved: what streams by itself needs no mode of that name."""
        auto: str = self.row["auto"]
        if auto == "streaming" and not self.has_function:
            auto = "async"
        return auto if self.async_mode == "auto" else self.async_mode

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
        if not self.has_function and self.answers.get("jobs", "none") != "none":
            return False
        if self.mode == "streaming":
            return self.programming_model == "v2"
        if self.mode == "nest_asyncio":
            return self.python_version in NEST_ASYNCIO_PYTHONS and self.programming_model != "custom_handler"
        return True

    @property
    def has_function(self) -> bool:
        """Whether the worker calls it; it has a server of its own else."""
        return self.programming_model != "custom_handler"

    @property
    def streams(self) -> bool:
        """Whether responses are sent as they are generated."""
        return self.mode == "streaming" or not self.has_function

    @property
    def root_path(self) -> str:
        """The route prefix as it stands in a URL."""
        return f"/{self.route_prefix}" if self.route_prefix else ""

    def __str__(self) -> str:
        """Return an id that can be read in a test report: the core, and what else is not plain."""
        others = {question: answer for question, answer in self.answers.items() if question not in CORE}
        changed = [f"{q}={a.replace('/', '_')}" for q, a in others.items() if a != PLAIN.get(q, a)]
        return "-".join([*self.core, *changed])


def frameworks_with(mode: str = "auto", interface: str = "", **fields: Any) -> list[str]:
    """Return the frameworks that run in this mode, by this interface, with such fields in their rows."""
    found = []
    for name, row in FRAMEWORKS.items():
        served_by = row["interfaces"].get(row["auto"] if mode == "auto" else mode)
        fits = served_by is not None and interface in ("", served_by)
        if fits and all(bool(row[field]) == value for field, value in fields.items()):
            found.append(name)
    return found


def one_with(mode: str = "auto", interface: str = "", **fields: Any) -> str:
    """Return one such framework, or skip the test where the table has none."""
    found = frameworks_with(mode, interface, **fields)
    if not found:
        pytest.skip(f"no framework of the table has {mode} {interface} {fields or ''}")
    return found[0]


def python_for(async_mode: str) -> str:
    """Return a Python version on which this mode works."""
    return NEST_ASYNCIO_PYTHONS[-1] if async_mode == "nest_asyncio" else PLAIN["python_version"]


def mode_for(framework: str, interface: str) -> str:
    """Return a buffered async mode in which the framework is served by this interface."""
    modes = FRAMEWORKS[framework]["interfaces"]
    return next(mode for mode in ("sync", "async") if modes.get(mode) == interface)


@cache
def _context(answers: frozenset[tuple[str, str]]) -> dict[str, Any]:
    given = {"cookiecutter": {**CONTEXT, **dict(answers)}}
    context: dict[str, Any] = prompt_for_config(given, no_input=True)
    return context


def context_of(variant: Variant) -> dict[str, Any]:
    """Return what Cookiecutter makes of the answers: each variable of cookiecutter.json, rendered."""
    return _context(frozenset(variant.answers.items()))


@cache
def _template(name: str) -> Template:
    environment: Environment = create_env_with_context({"cookiecutter": CONTEXT})
    return environment.from_string((PROJECT / name).read_text(encoding="utf-8"))


def rendered(name: str, variant: Variant) -> str:
    """Return a file as it comes out, without the cost of a bake."""
    return _template(name).render(cookiecutter=context_of(variant))


@cache
def template_files() -> list[str]:
    """Return the paths in the project's folder of the template, without what tools leave behind there."""
    leftovers = {"__pycache__", ".DS_Store", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    paths = [path.relative_to(PROJECT) for path in PROJECT.rglob("*") if path.is_file()]
    return [path.as_posix() for path in paths if not leftovers & {*path.parts}]


def combinations_of(*questions: str) -> Iterator[Variant]:
    """Yield each combination of answers to these questions, and plain answers to the others."""
    for answers in product(*(ANSWERS[question] for question in questions)):
        yield Variant({**PLAIN, **dict(zip(questions, answers, strict=True))})


def pairs(answers: dict[str, str]) -> set[Pair]:
    """Return all pairs of answers."""
    return set(combinations(sorted(answers.items()), 2))


def valid_pairs() -> set[Pair]:
    """Return every pair of answers to any two questions that occurs in a variant that works."""
    return {
        pair
        for free in combinations([question for question in ANSWERS if question not in RULED], 2)
        for variant in combinations_of(*RULED, *free)
        if variant.works and variant.async_mode != "auto"
        for pair in pairs({question: variant.answers[question] for question in (*RULED, *free)})
    }


def can_work(answers: dict[str, str]) -> bool:
    """Tell whether there are answers to the other questions with which these work."""
    jobs = answers.get("jobs", PLAIN["jobs"])
    return any(
        all(answers.get(question, variant.answers[question]) == variant.answers[question] for question in RULED)
        and variant.but(jobs=jobs).works
        for variant in working_combinations()
    )


@cache
def working_combinations() -> list[Variant]:
    """Return each combination of answers between which there are rules that works, with `auto` spelled out.

    That `auto` bakes the same is a test of its own.
    """
    return [variant for variant in combinations_of(*RULED) if variant.works and variant.async_mode != "auto"]


def completed(answers: dict[str, str], missing: set[Pair]) -> Variant:
    """Answer the other questions so that many missing pairs are met."""
    for question in ANSWERS:
        if question not in answers:
            choices = [{**answers, question: answer} for answer in ANSWERS[question]]
            working = [choice for choice in choices if question not in (*RULED, "jobs") or can_work(choice)]
            answers = max(working, key=lambda choice: len(pairs(choice) & missing))
    return Variant(answers)


def chosen_variants() -> list[Variant]:
    """Return the variants to test.

    They hold every pair of answers to any two questions that occurs in a valid combination; so their number grows with
    the choices of a question, not with the product of several questions.
    """
    missing = valid_pairs()
    chosen = []
    for framework, async_mode in dict.fromkeys(
        (variant.framework, variant.async_mode) for variant in working_combinations()
    ):
        chosen.append(completed({"framework": framework, "async_mode": async_mode}, missing))
        missing -= pairs(chosen[-1].answers)
    while missing:
        chosen.append(completed(dict(min(missing)), missing))
        missing -= pairs(chosen[-1].answers)
    return chosen


def running_variants() -> list[Variant]:
    """Return each framework in each of its modes, with the programming models that admit it and call it in turn.

    Only one framework has nest_asyncio: each one's own tests run with it, and on a host it does the same to all.
    """
    nested = one_with("nest_asyncio")
    modes = [
        variant.but(python_version=python_for(variant.async_mode))
        for variant in combinations_of("framework", "async_mode")
        if variant.async_mode != "auto" and variant.async_mode in variant.row["interfaces"]
        if variant.async_mode != "nest_asyncio" or variant.framework == nested
    ]
    variants = []
    for number, variant in enumerate(modes):
        choices = [variant.but(programming_model=model) for model in ANSWERS["programming_model"]]
        working = [choice for choice in choices if choice.works and choice.has_function]
        variants.append(working[number % len(working)])
    return variants


def server_variants() -> list[Variant]:
    """Return each framework with a server of its own, by each interface that it has."""
    return [
        Variant(
            {
                **PLAIN,
                "framework": name,
                "async_mode": mode_for(name, interface),
                "programming_model": "custom_handler",
            }
        )
        for name, row in FRAMEWORKS.items()
        for interface in row["apps"]
    ]


def spread(variants: list[Variant], *questions: str, **fixed: str) -> list[Variant]:
    """Return the variants with answers to these questions dealt out in turn, so that all combinations of them occur.

    What they do to a request does not depend on the framework, so it need not be tried with each.
    """
    dealt = list(product(*(ANSWERS[question] for question in questions)))
    return [
        variant.but(**fixed, **dict(zip(questions, dealt[number % len(dealt)], strict=True)))
        for number, variant in enumerate(variants)
    ]


def refused_combinations() -> list[Variant]:
    """Return each combination of framework, async mode, programming model and Python version that does not work."""
    return [variant for variant in combinations_of(*RULED) if not variant.works]


VARIANTS = chosen_variants()


def covering(*groups: tuple[str, ...]) -> list[Variant]:
    """Return the first of the variants that hold each combination of answers to each of these groups of questions."""
    seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    chosen = []
    for variant in VARIANTS:
        held = {(group, tuple(getattr(variant, question) for question in group)) for group in groups}
        if held - seen:
            chosen.append(variant)
            seen |= held
    return chosen


# What takes seconds for each variant is done for each app and each answer once.
COVERING = covering(("framework", "mode"), ("programming_model", "auth_level"), *((question,) for question in ANSWERS))
