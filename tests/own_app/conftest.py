"""Projects for an app of the owner's: as they come out, and with an app."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import BakedProject
from tests.variants import ANSWERS, PLAIN, ROWS, Variant, python_for

OWN = "custom"
HERE = Path(__file__).parent

Own = Callable[[Variant], BakedProject]


def own_variants() -> list[Variant]:
    """Return each mode, with the programming models that admit it in turn, and of the other questions each answer."""
    found: list[Variant] = []
    for number, mode in enumerate(ROWS[OWN]["interfaces"]):
        others = {question: answers[number % len(answers)] for question, answers in ANSWERS.items()}
        variant = Variant({**PLAIN, **others, "framework": OWN, "async_mode": mode})
        variant = variant.but(python_version=python_for(mode), app=f"{variant.interface}_site:application")
        models = [variant.but(programming_model=model) for model in ANSWERS["programming_model"]]
        working = [choice for choice in models if choice.works]
        found.append(working[(number + 1) % len(working)])
    return found


def put_site(folder: Path, variant: Variant) -> None:
    """Put the app of the variant's interface into a folder."""
    shutil.copy(HERE / f"{variant.interface}_site.py", folder)


@pytest.fixture(scope="module", params=own_variants(), ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Each variant in turn."""
    chosen: Variant = request.param
    return chosen


@pytest.fixture(scope="module")
def with_app(project: BakedProject, variant: Variant, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """The project of the variant with an app in it; tests must leave it as it is."""
    copy = shutil.copytree(project.path, tmp_path_factory.mktemp("own") / "site")
    put_site(copy, variant)
    return BakedProject(copy)
