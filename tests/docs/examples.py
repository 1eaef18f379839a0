"""The projects to look at on the branch `examples`: each framework's default, and what else there is to choose.

    uv run python -m tests.docs.examples FOLDER

writes them into a new folder. Two runs write the same.
"""

import argparse
from pathlib import Path

from cookiecutter.main import cookiecutter

from tests.variants import CONTEXT, FRAMEWORKS, PLAIN, ROWS, TEMPLATE, Variant, python_for

# Questions of which each answer but the default is worth a look, with an app of each interface if there is one.
BY_INTERFACE = ("async_mode", "programming_model")
ONCE = ("observability", "jobs")

HEAD = """\
# What comes out of func-web

Each folder is a project as the template writes it, but for `local.settings.json`, which git ignores.

| project | made with |
|---|---|
"""


def _shown() -> dict[str, dict[str, str]]:
    """Return the examples' names, each with the answers that are not the default."""
    examples = {name: {"framework": name} for name in FRAMEWORKS}
    for name, row in ROWS.items():
        if name not in FRAMEWORKS:
            examples[name] = {"framework": name, "async_mode": next(iter(row["interfaces"])), "app": "shop.site:app"}
    for question in (*BY_INTERFACE, *ONCE):
        for answer in CONTEXT[question][1:]:
            found: dict[str, str] = {}
            for name in FRAMEWORKS:
                variant = Variant({**PLAIN, "framework": name, question: answer})
                variant = variant.but(python_version=python_for(variant.async_mode))
                if variant.works and not (question == "async_mode" and answer == variant.row["auto"]):
                    found.setdefault(variant.interface if question in BY_INTERFACE else "", name)
            for name in found.values():
                answers = {"framework": name, question: answer}
                if python_for(answer) != PLAIN["python_version"]:
                    answers["python_version"] = python_for(answer)
                examples[f"{name}-{answer}"] = answers
    return examples


EXAMPLES = _shown()


def write(folder: Path, names: list[str] | None = None) -> None:
    """Bake examples, all of them unless some are named, into a folder, with a README.md that lists them.

    Raises:
        FileExistsError: there is such a folder, whose files might be lost.
    """
    folder.mkdir(parents=True)
    rows = []
    for name in names or EXAMPLES:
        answers = {**EXAMPLES[name], "project_slug": name}
        cookiecutter(str(TEMPLATE), no_input=True, default_config=True, output_dir=str(folder), extra_context=answers)
        given = " ".join(f"{question}={answer}" for question, answer in EXAMPLES[name].items())
        rows.append(f"| [{name}]({name}) | `{given}` |\n")
    (folder / "README.md").write_text(HEAD + "".join(rows), encoding="utf-8")


def main() -> None:
    """Write all examples into the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.docs.examples", description="Bake all examples.")
    parser.add_argument("folder", type=Path, help="is made; must not be there yet")
    folder = parser.parse_args().folder
    try:
        write(folder)
    except FileExistsError:
        parser.error(f"{str(folder)!r} is there already; name a folder that is not")


if __name__ == "__main__":
    main()
