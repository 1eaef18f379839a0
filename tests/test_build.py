"""What build.py builds: from wheels made here, and once from the registry, for a project that is then imported."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Bake, BakedProject, Mypy, run_python
from tests.variants import FRAMEWORKS, PLAIN, one_with
from tests.wheels import write_wheel
from tests.workflows import run, script

PYTHON = "{}.{}".format(*sys.version_info)
TAG = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}"
PACKAGES = ".python_packages/lib/site-packages"

# Prints what was compiled, what was imported, and what a traceback would name, on the import of function_app.
IMPORT = """
import importlib.machinery, json, sys

compiled = []
compile = importlib.machinery.SourceFileLoader.source_to_code

def source_to_code(self, data, path, *arguments, **options):
    compiled.append(path)
    return compile(self, data, path, *arguments, **options)

importlib.machinery.SourceFileLoader.source_to_code = source_to_code
sys.path[:0] = sys.argv[1:]
import function_app

files = [module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]
names = [function.get_function_name() for function in function_app.app.get_functions()]
print(json.dumps([compiled, files, names]))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a package for any system, and one for several whose version names the system."""
    folder = tmp_path_factory.mktemp("wheels")
    tiny = {
        "tiny/__init__.py": "def main() -> None: ...\n",
        "tiny/other_python.py": "print 'hello'\n",
        "tiny/data.txt": "data\n",
        "tiny/cacert.pem": "a certificate\n",
        "tiny/server.pem": "for its tests\n",
        "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    write_wheel(folder, "tiny", "1.0", "py3-none-any", tiny)
    systems = [
        "manylinux2014_x86_64",
        "manylinux_2_28_x86_64",
        "manylinux_2_39_x86_64",
        "win_amd64",
        "macosx_11_0_arm64",
    ]
    for number, system in enumerate(systems, 1):
        write_wheel(folder, "native", f"{number}.0", f"{TAG}-{system}", {"native.py": f"SYSTEM = '{system}'\n"})
    return folder


def small_project(bake: Bake, wheels: Path, environment: pytest.MonkeyPatch) -> BakedProject:
    """Return a project that requires the two packages, which pip finds in their folder and nowhere else."""
    environment.setenv("PIP_NO_INDEX", "1")
    environment.setenv("PIP_FIND_LINKS", str(wheels))
    project = bake(framework=one_with("sync"), python_version=PYTHON)
    (project.path / "requirements.txt").write_text("tiny\nnative\n", encoding="utf-8")
    return project


@pytest.fixture
def small(bake: Bake, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> BakedProject:
    """A small project, not yet built."""
    return small_project(bake, wheels, monkeypatch)


@pytest.fixture(scope="module")
def built(bake: Bake, wheels: Path) -> BakedProject:
    """A small project, built; tests must leave it as it is."""
    with pytest.MonkeyPatch.context() as environment:
        project = small_project(bake, wheels, environment)
        assert "dist/app.zip" in build(project).stdout
    return project


def build(project: BakedProject) -> subprocess.CompletedProcess[str]:
    """Run build.py, which must work."""
    result = project.python("build.py", timeout=300)
    assert result.returncode == 0, result.stderr
    return result


def contents(project: BakedProject) -> dict[str, bytes]:
    """Return the names and contents in the archive."""
    with zipfile.ZipFile(project.path / "dist" / "app.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def bytecode_of(source: str) -> str:
    """Return the path of the bytecode of a module of the running Python."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/".lstrip("/") + f"{name.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"


def test_the_package_holds_what_runs_and_nothing_else(built: BakedProject) -> None:
    left_out = ("build.py", "dist/", "tests/", "funcweb/local.py", "funcweb/testing/")
    modules = sorted(name for name in built.files if name.endswith(".py") and not name.startswith(left_out))
    assert {"function_app.py", "funcweb/wsgi.py"} <= {*modules}
    packages = [f"{PACKAGES}/{name}" for name in ("native.py", "tiny/__init__.py")]
    information = {f"{PACKAGES}/{name}.dist-info/{file}" for name in ("tiny-1.0", "native-2.0")
                   for file in ("INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL")}  # fmt: skip
    assert set(contents(built)) == {
        ".funcignore",
        "host.json",
        *modules,
        *packages,
        *map(bytecode_of, modules + packages),
        f"{PACKAGES}/tiny/cacert.pem",
        f"{PACKAGES}/tiny/data.txt",
        f"{PACKAGES}/tiny/server.pem",
        f"{PACKAGES}/tiny/other_python.py",
        f"{PACKAGES}/tiny-1.0.dist-info/entry_points.txt",
        *information,
    }
    assert "bin/tiny" not in contents(built)[f"{PACKAGES}/tiny-1.0.dist-info/RECORD"].decode()


def test_the_folder_holds_the_same_as_the_archive(built: BakedProject) -> None:
    app = BakedProject(built.path / "dist" / "app")
    assert {name: (app.path / name).read_bytes() for name in app.files} == contents(built)
    assert {path.name for path in (built.path / "dist").iterdir()} == {"app", "app.zip"}


def test_the_folder_keeps_its_bytecode_when_azd_deploys_it(built: BakedProject) -> None:
    # createDeployableZip in Azure/azure-dev leaves out __pycache__ where there is no .funcignore.
    assert all(line.startswith("#") for line in contents(built)[".funcignore"].decode().splitlines())


def test_the_archive_can_be_unpacked_anywhere(built: BakedProject) -> None:
    with zipfile.ZipFile(built.path / "dist" / "app.zip") as archive:
        for entry in archive.infolist():
            assert (entry.date_time, entry.create_system) == ((1980, 1, 1, 0, 0, 0), 3)
            assert (entry.external_attr >> 16, entry.compress_type) == (0o100644, zipfile.ZIP_DEFLATED)


def test_the_same_input_gives_the_same_bytes(
    built: BakedProject, small: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = BakedProject(small.path.rename(tmp_path / "elsewhere"))
    for path in elsewhere.path.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "cache"))
    build(elsewhere)
    assert (elsewhere.path / "dist/app.zip").read_bytes() == (built.path / "dist/app.zip").read_bytes()


def test_says_which_secrets_it_leaves_out(small: BakedProject) -> None:
    assert "secret" not in build(small).stdout
    for name in ("id_rsa", "Y.Pfx", ".env"):
        (small.path / name).write_text("secret\n", encoding="utf-8")
    assert ": .env, Y.Pfx, id_rsa.\n" in build(small).stdout
    assert not {"id_rsa", "Y.Pfx", ".env"} & set(contents(small))


def test_replaces_an_earlier_package(small: BakedProject) -> None:
    build(small)
    (small.path / "funcweb" / "more.py").write_text("MORE = True\n", encoding="utf-8")
    (small.path / "requirements.txt").write_text("native\n", encoding="utf-8")
    build(small)
    names = set(contents(small))
    assert "funcweb/more.py" in names
    assert not any("tiny" in name for name in names)


def change(project: BakedProject, name: str, old: str, new: str) -> None:
    """Replace a piece of a file, which must have it."""
    text = project.read(name)
    assert old in text
    (project.path / name).write_text(text.replace(old, new), encoding="utf-8")


def another_python(project: BakedProject) -> None:
    change(project, ".python-version", PYTHON, "3.99")


def no_version(project: BakedProject) -> None:
    change(project, ".python-version", PYTHON, "system")


def no_such_package(project: BakedProject) -> None:
    change(project, "requirements.txt", "tiny", "absent")


def only_for_another_system(project: BakedProject) -> None:
    change(project, "requirements.txt", "native", "native>=3")


def no_requirements(project: BakedProject) -> None:
    (project.path / "requirements.txt").unlink()


def no_funcignore(project: BakedProject) -> None:
    (project.path / ".funcignore").unlink()


def negated_pattern(project: BakedProject) -> None:
    change(project, ".funcignore", "tests/**", "!tests/")


def stars_inside_a_pattern(project: BakedProject) -> None:
    change(project, ".funcignore", "tests/**", "tests/**/*.txt")


def set_of_letters(project: BakedProject) -> None:
    change(project, ".funcignore", "tests/**", "[Tt]ests")


def broken_module(project: BakedProject) -> None:
    change(project, "funcweb/http.py", "import", "impart")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (another_python, [f"Python {PYTHON}", "Python 3.99", "run build.py with"]),
        (no_version, [".python-version", "such as 3.13"]),
        (no_such_package, ["No matching distribution found for absent", "pip could not"]),
        (only_for_another_system, ["No matching distribution found for native", "pip could not"]),
        (no_requirements, ["requirements.txt is missing"]),
        (no_funcignore, [".funcignore is missing"]),
        (negated_pattern, ["'!tests/'", ".funcignore"]),
        (stars_inside_a_pattern, ["'tests/**/*.txt'", ".funcignore"]),
        (set_of_letters, ["'[Tt]ests'", ".funcignore"]),
        (broken_module, ["funcweb/http.py cannot be compiled: invalid syntax", "line "]),
    ],
    ids=lambda value: getattr(value, "__name__", "said"),
)
def test_failure_says_why_and_changes_nothing(
    small: BakedProject, spoil: Callable[[BakedProject], None], words: list[str]
) -> None:
    (small.path / "dist" / "app").mkdir(parents=True)
    (small.path / "dist" / "app" / "function_app.py").write_text("earlier\n", encoding="utf-8")
    (small.path / "dist" / "app.zip").write_text("earlier\n", encoding="utf-8")
    spoil(small)
    before = {name: small.read(name) for name in small.files}
    result = small.python("build.py")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("ERROR: ") and "Traceback" not in result.stderr
    assert [word for word in words if word not in result.stderr] == []
    assert {name: small.read(name) for name in small.files} == before
    assert {path.name for path in (small.path / "dist").iterdir()} == {"app", "app.zip"}


def test_a_first_build_that_fails_leaves_nothing(small: BakedProject) -> None:
    no_such_package(small)
    assert small.python("build.py").returncode == 1
    assert not (small.path / "dist").exists()


@pytest.fixture
def locked(small: BakedProject, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> BakedProject:
    """A small project with a lock, made when one of its packages had an earlier version only."""
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    # Static, so that uv needs no setuptools here.
    change(small, "pyproject.toml", 'dynamic = ["dependencies"]', 'dependencies = ["tiny", "native<2"]')
    change(small, "pyproject.toml", 'dynamic.dependencies.file = "requirements.txt"\n', "")
    text = small.read("pyproject.toml")
    group = text[text.index("[dependency-groups]") : text.index("[build-system]")]
    change(small, "pyproject.toml", group, "")
    small.passes("uv", "lock", "--no-index")
    return small


def test_installs_what_is_locked(locked: BakedProject) -> None:
    build(locked)
    assert f"{PACKAGES}/native-1.0.dist-info/METADATA" in contents(locked)
    assert f"{PACKAGES}/tiny/__init__.py" in contents(locked)


def test_takes_no_lock_that_is_out_of_date(locked: BakedProject) -> None:
    change(locked, "pyproject.toml", '"native<2"', '"native<1"')
    result = locked.python("build.py")
    assert result.returncode == 1 and "ERROR: uv could not read uv.lock" in result.stderr


@pytest.fixture(scope="module")
def real(bake: Bake) -> BakedProject:
    """A project built with what the registry has."""
    project = bake(python_version=PYTHON)
    build(project)
    return project


@pytest.fixture(scope="module")
def mounted(real: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as Azure mounts it: read-only, and every file with another time."""
    app = tmp_path_factory.mktemp("mounted") / "app"
    with zipfile.ZipFile(real.path / "dist" / "app.zip") as archive:
        archive.extractall(app)
    for number, path in enumerate(sorted(app.rglob("*"))):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        path.chmod(0o555 if path.is_dir() else 0o444)
    return app


def test_all_bytecode_is_valid(mounted: Path) -> None:
    sources = [path.relative_to(mounted).as_posix() for path in mounted.rglob("*.py")]
    assert len(sources) > 100
    for name in sources:
        header = (mounted / bytecode_of(name)).read_bytes()[:16]
        assert header[:4] == importlib.util.MAGIC_NUMBER, name
        # https://peps.python.org/pep-0552/: 1 is a hash that is not checked, 3 one that is.
        assert int.from_bytes(header[4:8], "little") == (1 if name.startswith(PACKAGES) else 3), name
        assert header[8:] == importlib.util.source_hash((mounted / name).read_bytes()), name
    assert len(list(mounted.rglob("*.pyc"))) == len(sources)


def test_the_function_app_is_imported_from_the_package_alone_and_nothing_is_compiled(mounted: Path) -> None:
    result = run_python("-I", "-S", "-B", "-c", IMPORT, mounted, mounted / PACKAGES, cwd=mounted)
    assert result.returncode == 0, result.stderr
    compiled, files, names = json.loads(result.stdout)
    assert compiled == []
    assert len([file for file in files if Path(file).is_relative_to(mounted)]) > 100
    assert names == [FRAMEWORKS[PLAIN["framework"]]["function_name"]]


@pytest.mark.skipif(sys.platform == "win32", reason="the workflows run on Linux")
def test_ci_imports_the_function_from_the_package_with_nothing_else_installed(real: BakedProject) -> None:
    command = script(real, "Import the function from the package")
    result = run(command, real.path)
    assert (result.returncode, result.stderr) == (0, "")
    # It is this package that was imported: without its packages nothing is.
    packages = real.path / "dist" / "app" / PACKAGES
    packages.rename(packages.with_name("elsewhere"))
    try:
        assert "No module named 'azure'" in run(command, real.path).stderr
    finally:
        packages.with_name("elsewhere").rename(packages)


def test_the_modules_name_their_place_in_azure(mounted: Path) -> None:
    assert b"/home/site/wwwroot/function_app.py" in (mounted / bytecode_of("function_app.py")).read_bytes()


def test_the_project_passes_its_checks_with_a_package_in_it(real: BakedProject, mypy: Mypy) -> None:
    real.passes_ruff()
    mypy.passes(real)
