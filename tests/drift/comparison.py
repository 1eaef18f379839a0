"""What was tested, what the requirements admit today, and what there is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.version import Version

from .checks import Result
from .versions import Demand, holding_back


@dataclass(frozen=True)
class Row:
    """One version of a package that something has installed."""

    package: str
    pythons: frozenset[str]
    tested: str
    """The version that is pinned; empty if none is."""
    admitted: str
    newest: str
    holding_back: tuple[Demand, ...]
    """What keeps the newest out."""
    checks: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether it is newer than what was tested."""
        return bool(self.tested) and Version(self.admitted) > Version(self.tested)

    @property
    def is_old(self) -> bool:
        """Whether there is a newer one, which something holds back."""
        return Version(self.admitted) < Version(self.newest)

    @property
    def is_ours_to_raise(self) -> bool:
        """Whether a requirement of this repository holds the newest back."""
        return any(not demand.package for demand in self.holding_back)


def subjects(results: Iterable[Result]) -> dict[str, set[str]]:
    """Return the packages that checks are about, for each version of Python."""
    found: dict[str, set[str]] = {}
    for result in results:
        names = result.check.subjects or {demand.name for demand in result.own}
        found.setdefault(result.check.python, set()).update(names & result.versions.keys())
    return found


def rows(
    results: Iterable[Result], tested: Mapping[str, Mapping[str, str]], newest: Mapping[str, Mapping[str, str]]
) -> list[Row]:
    """Return the table of all that was installed but ahead of the requirements; `tested` and `newest` are by Python."""
    installed: dict[tuple[str, str, str, str], list[Result]] = {}
    for result in results:
        python = result.check.python
        for name in () if result.check.ahead else subjects([result])[python]:
            key = (name, result.versions[name], tested[python].get(name, ""), newest[python][name])
            installed.setdefault(key, []).append(result)
    table = []
    for (name, version, last, latest), where in sorted(installed.items(), key=lambda item: item[0]):
        found = [demand for result in where for demand in (*result.own, *result.others)]
        holding = holding_back(name, latest, found) if Version(version) < Version(latest) else []
        pythons = frozenset(result.check.python for result in where)
        checks = tuple(result.check.name for result in where)
        table.append(Row(name, pythons, last, version, latest, tuple(holding), checks))
    return table
