"""The report in Markdown. Its first line is the title of the issue."""

import re
from collections.abc import Iterable, Iterator, Mapping

from .blame import listed
from .checks import Result
from .commands import StepError
from .comparison import Row
from .versions import Demand

NOTHING = "Drift: nothing to do"

# GitHub takes 65,536 characters of an issue, and 256 of its title.
LENGTH = 60_000
TITLE_LENGTH = 250

# How much of the output of a step that has failed, in lines and in characters of a line.
LINES = 30
WIDTH = 300


def title(results: Iterable[Result], rows: Iterable[Row]) -> str:
    """Return what there is to do in one line, which stays the same as long as the same is to be done."""
    broken = [result for result in results if result.breaks]
    parts = []
    if broken:
        culprits = sorted({culprit for result in broken for culprit in result.verdict.culprits})
        verb = f"{len(broken)} checks fail" if len(broken) > 1 else f"{broken[0].check.name} fails"
        parts.append(verb + (f" because of {', '.join(culprits)}" if culprits else ""))
    if held := sorted({f"{row.package} {row.newest}" for row in rows if row.is_ours_to_raise}):
        parts.append(f"{', '.join(held)} held back")
    text = f"Drift: {'; '.join(parts)}" if parts else NOTHING
    return text if len(text) <= TITLE_LENGTH else f"{text[: TITLE_LENGTH - 1]}…"


def report(results: list[Result], rows: list[Row], hidden: Mapping[str, str]) -> str:
    """Return the whole report. `hidden` are paths of this machine, and what to write in their place."""
    broken = [result for result in results if result.breaks]
    ahead = [result for result in results if result.check.ahead]
    sections = [
        f"# {title(results, rows)}",
        "\n\n".join(failure for result in broken for failure in failures(result, hidden)),
        section("Held back", [held_back(row) for row in rows if row.is_ours_to_raise]),
        section("Tried ahead of the requirements", [line for result in ahead for line in tried(result, hidden)]),
        section("New since the last test", [new(row) for row in rows if row.is_new]),
        section("Versions", list(table(rows)) if rows else []),
        section("Checks", [outcome(result) for result in results]),
        "What to do: see *When versions drift* in `CONTRIBUTING.md`.",
    ]
    return shortened("\n\n".join(filter(None, sections)) + "\n")


def section(heading: str, items: list[str]) -> str:
    """Return a section, or nothing if it has no items."""
    return f"## {heading}\n\n" + "\n".join(items) if items else ""


def failures(result: Result, hidden: Mapping[str, str]) -> Iterator[str]:
    """Yield what is to be told of a check that has failed."""
    yield f"## {result.check.name} fails"
    if result.verdict.sentence:
        yield result.verdict.sentence
    for failure in result.failures:
        yield f"`{failure.step}`:\n\n{quoted(failure, hidden)}"
    if result.suspects:
        yield f"Installed in versions that nobody has tested here: {listed(result.suspects)}."


def quoted(failure: StepError, hidden: Mapping[str, str]) -> str:
    """Return the end of a step's output as a code block, which nothing in it can end."""
    text = failure.output.strip()
    for path, name in sorted(hidden.items(), key=lambda item: -len(item[0])):
        text = text.replace(path, name)
    lines = [line[:WIDTH] for line in text.splitlines()[-LINES:]]
    fence = max([*re.findall("`+", "".join(lines)), "``"], key=len) + "`"
    return "\n".join([f"{fence}text", *lines, fence])


def held_back(row: Row) -> str:
    """Return a line on a release that a requirement of this repository holds back."""
    ours = " and ".join(str(demand) for demand in row.holding_back if not demand.package)
    return f"- **{row.package} {row.newest}** is held back by {ours}; {row.admitted} is what people get."


def tried(result: Result, hidden: Mapping[str, str]) -> Iterator[str]:
    """Yield what came of a check with versions that are held back."""
    if not result.failures:
        yield f"- {result.check.name}: passed."
    for failure in result.failures:
        block = quoted(failure, hidden).replace("\n", "\n  ")
        yield f"- {result.check.name}: `{failure.step}` fails.\n\n  {block}\n"


def new(row: Row) -> str:
    """Return a line on a release that was not tested when the pin was set."""
    return f"- {row.package} {row.admitted}, after {row.tested}"


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the table of all versions."""
    yield "| Package | Tested | Admitted today | Newest | |"
    yield "|---|---|---|---|---|"
    rows = list(rows)
    for row in rows:
        notes = [reason(row.holding_back)] if row.is_old else []
        same = [other for other in rows if other.package == row.package]
        if len({other.pythons for other in same}) > 1:
            notes.append(f"on Python {' and '.join(sorted(row.pythons))}")
        elif len(same) > 1:
            notes.append(f"in {row.checks[0]}" + (f" and {len(row.checks) - 1} more" if row.checks[1:] else ""))
        admitted = f"**{row.admitted}**" if row.is_new else row.admitted
        yield f"| {row.package} | {row.tested or '-'} | {admitted} | {row.newest} | {'; '.join(notes)} |"


def reason(demands: Iterable[Demand]) -> str:
    """Return what holds a release back."""
    named = ", ".join(map(str, demands))
    return f"held back by {named or 'no requirement, but this run'}"


def outcome(result: Result) -> str:
    """Return one line on a check."""
    if not result.failures:
        return f"- {result.check.name}: passed"
    return f"- {result.check.name}: **{', '.join(failure.step for failure in result.failures)} failed**"


def shortened(text: str) -> str:
    """Return the text, without its end if it is longer than an issue may be."""
    note = "\n\nThe rest is in the summary of the run.\n"
    return text if len(text) <= LENGTH else text[: LENGTH - len(note)] + note
