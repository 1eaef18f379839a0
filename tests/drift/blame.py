"""Which of several new versions a failure comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packaging.version import Version

from .commands import StepError

Versions = Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What was found out by holding new versions back."""

    culprits: tuple[str, ...]
    """Packages, each of which alone makes the difference."""
    sentence: str


UNKNOWN = Verdict((), "")


def find(tested: Versions, now: Versions, passes_with: Callable[[Versions], bool]) -> Verdict:
    """Try what fails again, with versions that were tested before.

    `passes_with` is given the packages to hold at a version, and tells whether that helps, or raises StepError if they
    cannot be installed. It is called once for all packages that are newer, and if that helps once for each.
    """
    newer = {name: version for name, version in tested.items() if Version(now.get(name, version)) > Version(version)}
    if not newer:
        return Verdict((), "None of the packages that are pinned is newer.")
    try:
        if not passes_with(newer):
            return Verdict((), f"It fails with the tested versions too ({listed(newer)}), so the cause is another one.")
    except StepError:
        return Verdict((), f"The cause is not known: the tested versions cannot be installed: {listed(newer)}.")
    alone = [name for name in newer if len(newer) == 1 or helps(passes_with, {name: newer[name]})]
    if not alone:
        return Verdict((), f"It passes with the tested versions together: {listed(newer)}.")
    told = "; ".join(f"**{name} {now[name]}** breaks it, with {name} {newer[name]} it passes" for name in alone)
    return Verdict(tuple(f"{name} {now[name]}" for name in alone), f"{told}.")


def helps(passes_with: Callable[[Versions], bool], held: Versions) -> bool:
    """Tell whether it passes with what is held, if that can be installed."""
    try:
        return passes_with(held)
    except StepError:
        return False


def listed(versions: Versions) -> str:
    """Return packages with their versions as text."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
