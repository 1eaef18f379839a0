"""Which versions were tested, and which requirements hold a newer one back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Demand:
    """A requirement, and who makes it."""

    requirement: Requirement
    package: str = ""
    """The package and its version; empty for a requirement of this repository's own."""

    @property
    def name(self) -> str:
        """The normalized name of the package that is required."""
        return canonicalize_name(self.requirement.name)

    def __str__(self) -> str:
        """Return the requirement as it is written, without its marker."""
        text = f"`{self.requirement.name}{ordered(self.requirement)}`"
        return f"{text} of {self.package}" if self.package else text


def ordered(requirement: Requirement) -> str:
    """Return the specifier with its lower bound first, as people write it."""
    return ",".join(sorted(map(str, requirement.specifier), key=lambda part: (part.startswith("<"), part)))


def applies(requirement: Requirement, python: str) -> bool:
    """Tell whether a requirement holds on this Python, such as 3.13."""
    marker = requirement.marker
    return marker is None or marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"})


def demands(lines: Iterable[str], python: str, package: str = "") -> Iterator[Demand]:
    """Yield the requirements among these lines that hold on this Python."""
    for line in lines:
        text = line.partition(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            requirement = Requirement(text)
            if applies(requirement, python):
                yield Demand(requirement, package)


def pinned(pyproject: Mapping[str, Any], python: str) -> dict[str, str]:
    """Return the version of each package that pyproject.toml pins: those with which all was tested last."""
    groups = pyproject["dependency-groups"].values()
    lines = [*pyproject["project"]["dependencies"], *(line for group in groups for line in group)]
    found = {}
    for demand in demands(lines, python):
        specifiers = list(demand.requirement.specifier)
        if len(specifiers) == 1 and specifiers[0].operator == "==":
            found[demand.name] = specifiers[0].version
    return found


def holding_back(name: str, newest: str, found: Iterable[Demand]) -> list[Demand]:
    """Return the requirements that do not admit the newest version of a package, those of this repository first."""
    holding = {
        str(demand): demand
        for demand in found
        if demand.name == name and not demand.requirement.specifier.contains(newest, prereleases=True)
    }
    return sorted(holding.values(), key=lambda demand: (demand.package != "", str(demand)))
