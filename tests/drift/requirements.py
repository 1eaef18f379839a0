"""What the projects of the table of frameworks require."""

from packaging.requirements import Requirement

from tests.variants import PLAIN, ROWS, Variant, context_of

from .versions import Demand, demands


def demanded(python: str, distribution: str = "") -> list[Demand]:
    """Return all that the table requires on this Python, or what it requires of one package."""
    lines = list(filter(None, context_of(Variant(PLAIN))["__requirements"]))
    for row in ROWS.values():
        lines += [row["requirement"], *row.get("also_requires", ())]
        for app in row["apps"].values():
            lines += [app["server_requirement"], app["test_client"]["requirement"]]
    return [demand for demand in demands(lines, python) if distribution in ("", demand.name)]


def admitted(distribution: str, python: str) -> str:
    """Return the requirement of a package that all projects of the table make together."""
    specifiers = {str(demand.requirement.specifier) for demand in demanded(python, distribution)}
    return str(Requirement(f"{distribution}{','.join(sorted(specifiers))}"))
