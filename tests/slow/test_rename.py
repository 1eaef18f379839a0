"""A sample's package has the name that the question `app` gives it, wherever the package is named."""

import re

import pytest

from tests.conftest import Bake
from tests.test_variants import expected_files
from tests.variants import FRAMEWORKS, PLAIN, Variant, frameworks_with, mode_for

SAMPLES = [
    *((name, mode_for(name, interface)) for name, row in FRAMEWORKS.items() for interface in row["apps"]),
    *((name, "streaming") for name in frameworks_with("streaming")[:1]),
]


@pytest.mark.parametrize(("framework", "mode"), SAMPLES)
def test_the_package_has_the_name_everywhere(framework: str, mode: str, bake: Bake) -> None:
    row = FRAMEWORKS[framework]
    answers = {"framework": framework, "async_mode": mode}
    app = row["apps"][row["interfaces"][mode]]["app"].format(package="a_shop")
    project = bake.shared(**answers, app=app)
    old = re.compile(rf"\b{row['package']}\b")
    assert project.files == {old.sub("a_shop", name) for name in expected_files(Variant({**PLAIN, **answers}))}
    assert not [name for name in project.files if old.search(project.read(name))]
    assert "`a_shop/`" in project.read("README.md")
    project.passes("ruff", "check", "--no-cache", ".")


# One framework for each place where an app may be, such as `{package}:app`, with a mode that v1 has too.
PLACES = {
    row["apps"][interface]["app"]: (name, mode_for(name, interface))
    for name, row in FRAMEWORKS.items()
    for interface in row["apps"]
}


@pytest.mark.parametrize(("framework", "mode"), dict.fromkeys(PLACES.values()))
def test_the_renamed_sample_works(framework: str, mode: str, bake: Bake) -> None:
    variant = Variant({**PLAIN, "framework": framework, "async_mode": mode, "programming_model": "v1"})
    app = variant.row["apps"][variant.interface]["app"].format(package="a_shop")
    bake.shared(**variant.answers, app=app).passes_its_own_tests()
