"""The defects of frameworks: a module for each framework of the table that has some."""

from importlib import import_module
from importlib.util import find_spec

from tests.variants import FRAMEWORKS

for name in FRAMEWORKS:
    if find_spec(f"{__name__}.{name}"):
        import_module(f"{__name__}.{name}")
