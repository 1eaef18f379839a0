"""Draw the tables of docs/figures.md, each for light and for dark pages.

uv run --group benchmarks python -m benchmarks.pictures
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.readme import FIGURES, read

FOLDER = FIGURES.parent / "figures"
WIDTH, BAR_HEIGHT, MARGIN = 7.2, 0.21, 1.0  # inches
TEXT = {"light": "#1f2328", "dark": "#e6edf3"}
OURS = "#2f81f7"
OTHERS = ("#8c959f", "#b87333", "#6f9c5a")


class Picture(NamedTuple):
    """What is drawn of a table: for each row a bar of each of these columns."""

    table: str
    title: str
    labels: tuple[str, ...]
    """The columns that say what a row is about."""
    columns: tuple[str, ...]
    is_ours: Callable[[str, str], bool]
    """Whether a bar is that of func-web, by its label and its column."""


PICTURES = (
    Picture(
        "overhead",
        "Microseconds that a request takes over the bare app",
        ("request", "interface"),
        ("stock", "nest_asyncio", "plain", "ours"),
        lambda label, column: column == "ours",
    ),
    Picture(
        "worker",
        "Microseconds of CPU time that a streamed request costs",
        ("app",),
        ("CPU time of a request, us",),
        lambda label, column: label.endswith("the worker"),
    ),
    Picture(
        "streaming",
        "Milliseconds to the first byte of a slow body",
        ("app",),
        ("first byte, ms",),
        lambda label, column: "stock" not in label and "alone" not in label,
    ),
    Picture(
        "cold-start",
        "Milliseconds that the import of the function app takes",
        ("app",),
        ("plain pip, ms", "build.py, ms"),
        lambda label, column: column.startswith("build.py"),
    ),
    Picture(
        "first-answer",
        "Milliseconds from the start of the process to the first answer",
        ("app",),
        ("process start to first answer, ms",),
        lambda label, column: "alone" not in label,
    ),
    Picture(
        "bake",
        "Seconds of CPU time that a bake costs",
        ("template",),
        ("CPU time of a bake, s",),
        lambda label, column: label == "func-web",
    ),
)


def value(cell: str) -> float:
    """Return the number of a cell such as `302.5 (1.00)`, or not a number for `-`."""
    return math.nan if cell == "-" else float(cell.split()[0])


def draw(picture: Picture, rows: list[dict[str, str]], theme: str, path: Path) -> None:
    """Draw the bars from top to bottom as the rows stand in the table, each with its number, into an SVG file."""
    from matplotlib.figure import Figure  # In a group of its own, and the tests read what is above without it.

    text = TEXT[theme]
    bars = [(row, column) for row in rows for column in picture.columns if row[column] != "-"]
    figure = Figure(figsize=(WIDTH, MARGIN + BAR_HEIGHT * (len(bars) + len(rows))), layout="constrained")
    axes = figure.subplots()
    ticks, names, seen, position = [], [], set(), 0.0
    for row in rows:
        label = ", ".join(row[name] for name in picture.labels)
        first = position
        for number, column in enumerate(picture.columns):
            if row[column] == "-":
                continue
            is_ours = picture.is_ours(label, column)
            colour = OURS if is_ours else OTHERS[number % len(OTHERS)]
            legend = column if len(picture.columns) > 1 and column not in seen else None
            seen.add(column)
            (bar,) = axes.barh([position], [value(row[column])], height=0.85, color=colour, label=legend)
            axes.annotate(
                row[column].split()[0], (bar.get_width(), position), (4, 0),
                textcoords="offset points", va="center", color=text, fontsize=9,
            )  # fmt: skip
            position += 1
        ticks.append((first + position - 1) / 2)
        names.append(label)
        position += 0.6 if len(picture.columns) > 1 else 0.2
    axes.set_yticks(ticks, names)
    axes.invert_yaxis()
    axes.margins(x=0.12, y=0.02)
    axes.tick_params(colors=text, length=0)
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    figure.suptitle(picture.title, color=text, x=0.01, ha="left", fontsize=11)
    if len(picture.columns) > 1:
        figure.legend(labelcolor=text, frameon=False, loc="outside lower right", ncols=len(picture.columns))
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Title": picture.title})


def main() -> None:
    """Draw each table twice."""
    import matplotlib as mpl

    FOLDER.mkdir(exist_ok=True)
    # Text stays text, and the same table gives the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "func-web", "font.family": "sans-serif"}):
        for picture in PICTURES:
            rows = read(FIGURES, picture.table)
            for theme in TEXT:
                draw(picture, rows, theme, FOLDER / f"{picture.table}-{theme}.svg")


if __name__ == "__main__":
    main()
