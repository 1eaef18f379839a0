"""What a bake costs: CPU time of Cookiecutter with its hooks, for this template and for one with nothing in it.

    python -m benchmarks.bake [--runs 10] [--write]

The empty template has one question, one file and two hooks that do nothing: its bake is what Cookiecutter and three
starts of Python take. Both take turns, with the default answers; a figure is the smallest. Not on Windows. --write
renews the table in docs/figures.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.readme import FIGURES, renew

ROOT = Path(__file__).parent.parent


def make_empty_template(folder: Path) -> Path:
    """Write the empty template into a folder."""
    project = folder / "{{cookiecutter.project_slug}}"
    (folder / "hooks").mkdir(parents=True)
    project.mkdir()
    (folder / "cookiecutter.json").write_text(json.dumps({"project_slug": "empty"}), encoding="utf-8")
    (project / "README.md").write_text("# {{ cookiecutter.project_slug }}\n", encoding="utf-8")
    for hook in ("pre_gen_project.py", "post_gen_project.py"):
        (folder / "hooks" / hook).write_text("", encoding="utf-8")
    return folder


def cpu_time(template: Path) -> float:
    """Bake once, and return the seconds of CPU time that it took."""
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config"]
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, "--output-dir", folder], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(runs: int) -> dict[str, float]:
    """Bake both in turn. The first round, which fills the cache, does not count."""
    with tempfile.TemporaryDirectory() as folder:
        templates = {"an empty one": make_empty_template(Path(folder, "empty")), "func-web": ROOT}
        times: dict[str, list[float]] = {name: [] for name in templates}
        for _ in range(runs + 1):
            for name, template in templates.items():
                times[name].append(cpu_time(template))
    return {name: min(found[1:]) for name, found in times.items()}


def table(results: dict[str, float]) -> str:
    """Return the results in Markdown; in brackets the ratio to the empty template."""
    lines = ["| template | CPU time of a bake, s |", "|---|---|"]
    least = next(iter(results.values()))
    lines += [f"| {name} | {seconds:.2f} ({seconds / least:.2f}) |" for name, seconds in results.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and write it where asked."""
    parser = argparse.ArgumentParser(description="Measure what a bake costs, beside one of an empty template.")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    options = parser.parse_args()
    results = run(options.runs)
    print(table(results))
    if options.write:
        renew(FIGURES, "bake", table(results))


if __name__ == "__main__":
    main()
