"""The table of frameworks, the folders, the choices, the prompts and the README agree."""

import re
from fnmatch import fnmatch

import pytest

from tests.variants import (
    CONTEXT,
    FRAMEWORKS,
    PROJECT,
    QUESTIONS,
    ROWS,
    TEMPLATE,
    VARIANTS,
    pairs,
    template_files,
    valid_pairs,
)


def test_each_question_has_a_prompt() -> None:
    assert list(CONTEXT["__prompts__"]) == QUESTIONS


@pytest.mark.parametrize(
    "question", [name for name, value in CONTEXT.items() if isinstance(value, list) and name[0] != "_"]
)
def test_each_choice_has_a_label_that_begins_with_it(question: str) -> None:
    prompts = CONTEXT["__prompts__"][question]
    assert list(prompts) == ["__prompt__", *CONTEXT[question]]
    for choice in CONTEXT[question]:
        assert prompts[choice].lower().startswith(f"{choice} - "), prompts[choice]


def test_each_framework_has_a_row_and_a_folder_and_no_folder_is_left_over() -> None:
    assert sorted(ROWS) == sorted(CONTEXT["framework"])
    folders = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    folders -= {"{{cookiecutter.__function_name}}", "funcweb", *CONTEXT["_keep"]}  # some are kept for an answer
    assert folders == {row["package"] for row in FRAMEWORKS.values()}


def test_what_joins_an_app_to_azure_functions_knows_no_sample() -> None:
    names = re.compile("|".join(row["package"] for row in FRAMEWORKS.values()))
    for path in (PROJECT / "funcweb").rglob("*.py"):
        assert not names.search(path.read_text(encoding="utf-8")), path


def test_what_is_copied_and_not_rendered_holds_no_jinja() -> None:
    copied = {name for name in template_files() for each in CONTEXT["_copy_without_render"] if fnmatch(name, each)}
    assert "funcweb/wsgi.py" in copied
    assert all(name.startswith("funcweb/") for name in copied), "Cookiecutter writes it over an owner's file"
    for name in copied:
        assert not re.search(r"\{\{|\{%|# jinja:", (PROJECT / name).read_text(encoding="utf-8")), name


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_rows_are_whole(framework: str) -> None:
    row = FRAMEWORKS[framework]
    assert set(row) - {"also_requires", "endpoint", "settings"} == {
        "title", "package", "function_name", "requirement", "auto", "interfaces", "apps", "docs", "route", "route_list",
        "checks", "wrappers",
    }  # fmt: skip
    assert row["auto"] in row["interfaces"]
    assert set(row["interfaces"]) <= set(CONTEXT["async_mode"])
    assert set(row["interfaces"].values()) == set(row["apps"])
    for app in row["apps"].values():
        assert set(app) == {"app", "server", "server_requirement", "test_client"}
        assert re.fullmatch(r"\{package\}(\.\w+)*:\w+", app["app"])
        assert "{app}" in app["server"] or "manage.py" in app["server"]
        test_client = set(app["test_client"]) - {"post", "starts_app"}
        assert test_client == {"module", "name", "json", "keeps_cookies", "requirement"}
    package = PROJECT / row["package"]
    assert (package / "asgi").is_dir() == (len({app["app"] for app in row["apps"].values()}) < len(row["apps"]))
    for module in ("events.py", "work.py"):  # Every app streams on a server of its own, whatever its interface.
        assert len([*package.rglob(module)]) == (2 if (package / "asgi").is_dir() else 1), module
    wrappers = [*row["wrappers"].values(), *(["key.with_key"] if row["docs"] else [])]
    wrappers += [f"{interface}_traces.traced" for interface in row["apps"]]
    glue = PROJECT / "funcweb" / framework
    assert {path.stem for path in glue.glob("*.py")} == {"__init__", *(name.partition(".")[0] for name in wrappers)}
    for wrapper in wrappers:
        module, _, function = wrapper.partition(".")
        assert f"\ndef {function}(" in (glue / f"{module}.py").read_text(encoding="utf-8")


def test_the_variants_hold_every_valid_pair() -> None:
    assert all(variant.works for variant in VARIANTS)
    assert valid_pairs() <= {pair for variant in VARIANTS for pair in pairs(variant.answers)}


def test_the_readme_shows_what_works_with_what() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| (\w+) +\|((?: *(?:yes|yes, auto|-|(?:WSGI, )?ASGI|WSGI) *\|)+)$", readme, re.MULTILINE)
    )
    modes = [mode for mode in CONTEXT["async_mode"] if mode != "auto"]
    assert re.search(r"\| framework +\| " + r" +\| ".join(f"`{mode}`" for mode in [*modes, "custom_handler"]), readme)
    for row in ROWS.values():
        expected = [
            "yes, auto" if mode == row["auto"] else "yes" if mode in row["interfaces"] else "-" for mode in modes
        ]
        expected.append(", ".join(interface.upper() for interface in row["apps"]))
        assert [cell.strip() for cell in rows[row["title"]].split("|")[:-1]] == expected
