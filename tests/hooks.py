"""The hooks as modules, which Cookiecutter has not rendered."""

import importlib.util
from types import ModuleType

from tests.variants import TEMPLATE


def load(name: str) -> ModuleType:
    """Import a hook that Cookiecutter has not rendered."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / "hooks" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pre_gen = load("pre_gen_project")
post_gen = load("post_gen_project")
