"""A sample's package has the name that the question `app` gives it, wherever the package is named."""

import re

import pytest

from tests.conftest import Bake
from tests.variants import FRAMEWORKS, Variant, frameworks_with, mode_for

SAMPLES = [
    *((name, mode_for(name, interface)) for name, row in FRAMEWORKS.items() for interface in row["apps"]),
    *((name, "streaming") for name in frameworks_with("streaming")[:1]),
]


@pytest.mark.parametrize(("framework", "mode"), SAMPLES)
def test_the_package_has_the_name_everywhere(framework: str, mode: str, bake: Bake) -> None:
    row = FRAMEWORKS[framework]
    answers = {"framework": framework, "async_mode": mode}
    interface = row["interfaces"][mode]
    sample = bake.shared(**answers)
    app = row["apps"][interface]["app"].format(package="shop")
    shop = bake.shared(**answers, app=app)
    old = re.compile(rf"\b{row['package']}\b")
    assert shop.files == {old.sub("shop", name) for name in sample.files}
    assert not [name for name in shop.files if old.search(shop.read(name))]
    assert "`shop/`" in shop.read("README.md")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_renamed_sample_works(framework: str, bake: Bake) -> None:
    row = FRAMEWORKS[framework]
    variant = Variant({"framework": framework, "async_mode": "auto"})
    app = row["apps"][variant.interface]["app"].format(package="a_shop")
    project = bake.shared(framework=framework, async_mode="auto", app=app, programming_model="v1")
    project.passes("ruff", "check", "--no-cache", ".")
    quiet = ("-p", "no:cacheprovider", "-p", "no:cookies", "-p", "no:xdist")
    assert " 2 passed" in project.passes("pytest", *quiet, "-k", "is_healthy")
