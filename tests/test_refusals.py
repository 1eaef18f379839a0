"""Answers that cannot work are refused in one sentence, and nothing is left behind or lost."""

import sys
from itertools import cycle
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter
from pytest_cookies.plugin import Cookies

from tests.conftest import Bake, BakedProject, bake_or_fail, run_python
from tests.hooks import pre_gen
from tests.variants import (
    ANSWERS,
    FRAMEWORKS,
    NEST_ASYNCIO_PYTHONS,
    PLAIN,
    ROWS,
    RULED,
    TEMPLATE,
    Variant,
    refused_combinations,
)

Snapshot = dict[str, bytes]


def snapshot(folder: Path) -> Snapshot:
    """Return the content of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def bake_over(project: BakedProject, **answers: str) -> None:
    """Bake into the folder of a project that is there already."""
    cookiecutter(
        str(TEMPLATE),
        no_input=True,
        extra_context={**PLAIN, **answers},
        output_dir=str(project.path.parent),
        overwrite_if_exists=True,
        default_config=True,
    )


def sentence(stderr: str) -> str:
    """Return the one sentence that a hook has printed."""
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR: ")]
    assert len(errors) == 1, stderr
    return errors[0]


def refusal(cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path, **answers: str) -> str:
    """Bake, expect a refusal that leaves nothing, and return its sentence."""
    result = cookies.bake(extra_context=answers)
    assert result.exit_code != 0
    assert isinstance(result.exception, FailedHookException)
    assert [
        path for path in Path(tmpdir).rglob("*") if not path.match("cookies/bake*") and path.name != "cookies"
    ] == []
    return sentence(capfd.readouterr().err)


def served(variant: Variant) -> list[str]:
    """Return the modes of the variant's framework in which an app has a server of its own."""
    return [mode for mode in variant.row["interfaces"] if variant.but(async_mode=mode).works]


@pytest.mark.parametrize("variant", refused_combinations(), ids=str)
def test_combination(variant: Variant) -> None:
    message = pre_gen.check_combination(ROWS, *(variant.answers[question] for question in RULED)) or ""
    assert variant.async_mode in message
    modes = FRAMEWORKS[variant.framework]["interfaces"]
    if variant.async_mode in modes and not variant.has_function:
        assert "'custom_handler'" in message and message.endswith(f"choose auto or {' or '.join(served(variant))}.")
    elif variant.mode == "streaming":
        assert "choose programming_model v2" in message and "'v1'" in message and "streaming" in message
        assert all(mode in message for mode in modes if mode != "nest_asyncio")
    elif variant.async_mode in modes:
        assert "3.11 or 3.12" in message and variant.python_version in message
    else:
        assert FRAMEWORKS[variant.framework]["title"] in message
        assert all(mode in message for mode in modes if mode not in ("nest_asyncio", "streaming"))
        assert ("streaming" in message) == (variant.programming_model == "v2")
        assert ("or nest_asyncio" in message) == (
            "nest_asyncio" in modes and variant.python_version in NEST_ASYNCIO_PYTHONS and variant.has_function
        )


ONE_OF_EACH_MODE = {(variant.async_mode, variant.has_function): variant for variant in refused_combinations()}


@pytest.mark.parametrize("variant", ONE_OF_EACH_MODE.values(), ids=str)
def test_a_refused_combination_leaves_nothing(
    variant: Variant, cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path
) -> None:
    assert variant.async_mode in refusal(cookies, capfd, tmpdir, **variant.answers)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows itself refuses or changes such names")
@pytest.mark.parametrize(
    "slug",
    [
        "../escaped",
        "a/b",
        "a/../b",
        "owners/n",
        "owners/../b",
        "a\\b",
        "c:x",
        "{out}/owners/n",
        "{out}/a/../b",
        "{out}/a",
    ],
)
def test_slug_with_folders_makes_none_and_removes_none(
    slug: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "out" / "owners").mkdir(parents=True)
    (tmp_path / "out" / "b").mkdir()
    (tmp_path / "out" / "b" / "mine.txt").write_text("mine", encoding="utf-8")
    before = set(tmp_path.rglob("*"))
    given = slug.format(out=tmp_path / "out")
    with pytest.raises(FailedHookException):
        cookiecutter(
            str(TEMPLATE),
            no_input=True,
            extra_context={"project_slug": given},
            output_dir=str(tmp_path / "out"),
            default_config=True,
        )
    assert repr(given) in sentence(capfd.readouterr().err)
    assert set(tmp_path.rglob("*")) == before


VARIABLES = cycle(["project_name", "description", "author_name"])
NOT_ONE_LINE_OF_TEXT = ["two\nlines", "", "  ", "bell\a", "\u2028", "\u202eright to left", "\u200d"]


@pytest.mark.parametrize(("variable", "text"), [*zip(VARIABLES, NOT_ONE_LINE_OF_TEXT, strict=False)])
def test_text(variable: str, text: str, cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path) -> None:
    assert refusal(cookies, capfd, tmpdir, **{variable: text}).startswith(f"ERROR: {variable} {text!r} ")


@pytest.mark.parametrize("prefix", ["/api", "api/", "a//b", "a b", "{x}", "..", ".hidden", "é", "api?x", "a\\b", "%41"])
def test_route_prefix(prefix: str, cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path) -> None:
    message = refusal(cookies, capfd, tmpdir, route_prefix=prefix)
    assert repr(prefix) in message and "api/v1" in message


@pytest.mark.parametrize("prefix", ["admin", "Admin/x", "runtime"])
def test_route_prefix_of_the_host(
    prefix: str, cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path
) -> None:
    message = refusal(cookies, capfd, tmpdir, route_prefix=prefix)
    assert repr(prefix) in message and "Functions host" in message


def test_folder_that_exists(bake: Bake, tmp_path: Path) -> None:
    existing = tmp_path / "kept"
    existing.mkdir()
    (existing / "mine.txt").write_text("mine", encoding="utf-8")
    result = run_python(
        "-m", "cookiecutter", TEMPLATE, "--no-input", "--default-config", "project_slug=kept", cwd=tmp_path
    )
    assert result.returncode == 1
    assert "already exists" in result.stdout
    assert snapshot(existing) == {"mine.txt": b"mine"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"framework": ANSWERS["framework"][0]}, {"framework": ANSWERS["framework"][-1]}),
        ({"deployment": "azd"}, {"deployment": "none"}),
        ({"programming_model": "v1"}, {"programming_model": "v2"}),
    ],
)
def test_overwriting_never_removes_what_was_there(
    before: dict[str, str], after: dict[str, str], cookies: Cookies, capfd: pytest.CaptureFixture[str]
) -> None:
    project = bake_or_fail(cookies, **before)
    content = snapshot(project.path)
    with pytest.raises(FailedHookException):
        bake_over(project, **after)
    assert "would remove" in sentence(capfd.readouterr().err)
    assert snapshot(project.path) == content


def test_overwriting_never_takes_an_asgi_folder_of_the_owners(
    cookies: Cookies, capfd: pytest.CaptureFixture[str]
) -> None:
    project = bake_or_fail(cookies)
    folder = f"{FRAMEWORKS[PLAIN['framework']]['package']}/asgi"
    (project.path / folder).mkdir()
    (project.path / folder / "mine.py").write_text("mine\n", encoding="utf-8")
    content = snapshot(project.path)
    with pytest.raises(FailedHookException):
        bake_over(project)
    assert folder in sentence(capfd.readouterr().err)
    assert snapshot(project.path) == content


def test_overwriting_with_the_same_answers_renews_the_project(cookies: Cookies) -> None:
    project = bake_or_fail(cookies, programming_model="v1")
    content = snapshot(project.path)
    (project.path / "host.json").unlink()
    (project.path / "mine.txt").write_text("mine", encoding="utf-8")
    bake_over(project, programming_model="v1")
    assert snapshot(project.path) == {**content, "mine.txt": b"mine"}


@pytest.mark.parametrize("jobs", [answer for answer in ANSWERS["jobs"] if answer != "none"])
def test_a_custom_handler_has_no_other_functions(
    jobs: str, cookies: Cookies, capfd: pytest.CaptureFixture[str], tmpdir: Path
) -> None:
    said = refusal(cookies, capfd, tmpdir, **{**PLAIN, "programming_model": "custom_handler", "jobs": jobs})
    assert repr(jobs) in said and "custom_handler" in said and "jobs none" in said
    assert pre_gen.check_jobs("none", "custom_handler") is None
    assert [pre_gen.check_jobs(jobs, model) for model in ("v1", "v2")] == [None, None]
