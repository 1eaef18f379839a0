"""What is refused of an app of the owner's and of another name for a sample, in a sentence, with nothing changed."""

import sys
from pathlib import Path

import pytest

from tests.conftest import run_python
from tests.hooks import pre_gen
from tests.own_app.conftest import OWN
from tests.variants import FRAMEWORKS, NEST_ASYNCIO_PYTHONS, ROWS, TEMPLATE, mode_for

SAMPLES = [(name, interface) for name, row in FRAMEWORKS.items() for interface in row["apps"]]
FORM = "is not module:variable"


def bake(folder: Path, *arguments: str) -> str:
    """Bake into a folder, which is refused, and return the sentence."""
    flags = ["--no-input", "--default-config", "--overwrite-if-exists", "--skip-if-file-exists"]
    answers = [f"project_slug={folder.name}", *arguments]
    result = run_python("-m", "cookiecutter", TEMPLATE, *flags, *answers, cwd=folder.parent)
    assert result.returncode == 1
    (sentence,) = (line for line in result.stderr.splitlines() if line.startswith("ERROR: "))
    return sentence


def test_nothing_is_written_without_app(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "mine.py").touch()
    assert "app is empty" in bake(folder, f"framework={OWN}", "async_mode=sync")
    assert [path.name for path in folder.iterdir()] == ["mine.py"]


@pytest.mark.parametrize("model", ["v1", "v2"])
def test_auto_does_not_say_the_interface(model: str) -> None:
    for version in ("3.11", "3.14"):
        sentence = pre_gen.check_combination(ROWS, OWN, "auto", model, version)
        assert "'auto'" in sentence and "sync (WSGI)" in sentence and "async (ASGI)" in sentence
        assert ("streaming (ASGI)" in sentence) == (model == "v2")
        assert ("nest_asyncio" in sentence) == (version in NEST_ASYNCIO_PYTHONS)


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("", "must say where your app is"),
        *((app, FORM) for app in (
            "site", "mysite:", ":app", "my-site:app", "mysite:app()", "mysite.wsgi", "my site:app", "mysite..wsgi:app",
            ".mysite:app", "mysite:class", "import.x:app", "1site:app", "mysite:app:x", "mysite/wsgi:app", "josé:app",
            "mysite:app.wsgi_app", "mysite:a\nb",
        )),
        *((f"{name}:app", "standard library") for name in ("json", "http.server", "platform", "venv")),
        *((f"{name}:app", "uses for something else") for name in (
            "tests", "Tests.app", "funcweb.app", "infra", "function_app", "HttpTrigger", "build", "dist", "env",
            "dev_env", "azure.app", "manage",
        )),
    ],
)  # fmt: skip
def test_app(app: str, words: str) -> None:
    for interface in ROWS[OWN]["apps"]:
        sentence = pre_gen.check_app(app, ROWS[OWN], interface, "HttpTrigger")
        assert words in sentence and (not app or repr(app) in sentence)


@pytest.mark.parametrize("app", ["mysite:app", "mysite.wsgi:application", "app:server", "_x.y.z:_app", "Site:app"])
def test_any_other_app_will_do(app: str) -> None:
    for interface in ROWS[OWN]["apps"]:
        assert pre_gen.check_app(app, ROWS[OWN], interface, "HttpTrigger") is None


@pytest.mark.parametrize(("framework", "interface"), SAMPLES)
def test_of_a_sample_the_package_alone_can_have_another_name(framework: str, interface: str) -> None:
    row = ROWS[framework]
    pattern = row["apps"][interface]["app"]
    assert pre_gen.check_app(pattern.format(package="shop"), row, interface, row["function_name"]) is None
    assert pre_gen.check_app(pattern.format(package=row["package"]), row, interface, row["function_name"]) is None
    for other in ("shop.web:app", "shop:api", "shop.wsgi:app"):
        sentence = pre_gen.check_app(other, row, interface, row["function_name"])
        assert pattern.format(package="shop") in sentence and "framework custom" in sentence
    # A package of that name would be imported in the place of the framework.
    for name in (pre_gen.distributions(row) | {row["function_name"]}) - {""}:
        assert "something else" in pre_gen.check_app(f"{name}:app", row, interface, row["function_name"])


def test_a_sample_does_not_take_the_place_of_what_is_there(tmp_path: Path) -> None:
    (framework, interface), package = SAMPLES[0], "shop"
    folder = tmp_path / "site"
    (folder / package).mkdir(parents=True)
    app = FRAMEWORKS[framework]["apps"][interface]["app"].format(package=package)
    mode = mode_for(framework, interface)
    sentence = bake(folder, f"framework={framework}", f"async_mode={mode}", f"app={app}")
    assert package in sentence and "framework custom" in sentence
    assert [path.name for path in folder.rglob("*")] == [package]


@pytest.mark.parametrize(
    ("there", "model", "words"),
    [
        ("funcweb.py", "v2", "'funcweb'"),
        ("funcweb/own.py", "v2", "'funcweb'"),
        ("tests", "v2", "file 'tests'"),
        ("infra", "v2", "file 'infra'"),
        (FRAMEWORKS[SAMPLES[0][0]]["package"], "v2", "rename yours"),
        ("function_app.py", "v1", "choose programming_model v2"),
        ("function_app.py", "custom_handler", "choose programming_model v2"),
        ("server.py", "custom_handler", "server.py"),
        (".python-version", "v2", "'3.10.4'"),
    ],
)
def test_a_folder_in_which_it_could_not_work(there: str, model: str, words: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("3.10.4\n", encoding="utf-8")
    sentence = pre_gen.check_own_folder(tmp_path, "HttpTrigger", model, "3.13", ROWS)
    assert str(tmp_path) in sentence and words in sentence


def test_the_server_of_an_earlier_bake_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("from funcweb.wsgi_server import serve\n", encoding="utf-8")
    assert pre_gen.check_own_folder(tmp_path, "HttpTrigger", "custom_handler", "3.13", ROWS) is None


def test_server_is_taken_only_where_there_is_a_server() -> None:
    row = ROWS["custom"]
    assert pre_gen.check_app("server:app", row, "wsgi", "HttpTrigger", "v2") is None
    assert "'server'" in (pre_gen.check_app("server:app", row, "wsgi", "HttpTrigger", "custom_handler") or "")


@pytest.mark.parametrize("version", ["3.13", "3.13.2\n", "cpython-3.13-linux", "# ours\n3.13.1\n3.12\n"])
def test_the_owners_own_python_version_stays(version: str, tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text(version, encoding="utf-8")
    assert pre_gen.check_own_folder(tmp_path, "HttpTrigger", "v2", "3.13", ROWS) is None
    assert pre_gen.check_own_folder(tmp_path, "HttpTrigger", "v2", "3.1", ROWS) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a link")
def test_links_of_the_owner_stay(tmp_path: Path) -> None:
    """The hooks look at a link itself, and never at what it leads to."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").write_text("own = True\n", encoding="utf-8")
    folder = tmp_path / "site"
    folder.mkdir()
    package = FRAMEWORKS[SAMPLES[0][0]]["package"]
    (folder / package).symlink_to(tmp_path / "elsewhere")
    (folder / "broken").symlink_to("nowhere")
    flags = ["--no-input", "--default-config", "--overwrite-if-exists", "--skip-if-file-exists"]
    answers = [f"framework={OWN}", "async_mode=sync", "app=my:app", "project_slug=site"]
    result = run_python("-m", "cookiecutter", TEMPLATE, *flags, *answers, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (folder / package).is_symlink() and (folder / "broken").is_symlink()
    assert (tmp_path / "elsewhere" / "__init__.py").read_text(encoding="utf-8") == "own = True\n"
