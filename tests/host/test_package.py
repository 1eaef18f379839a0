"""The host as a package: what its wheel holds, and the command that it installs."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import httpx2
import pytest

from functions_host import client
from tests.conftest import Bake, run_python
from tests.variants import ANSWERS, CONTEXT, TEMPLATE


@pytest.fixture(scope="module")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that is built from this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, TEMPLATE], check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_host_and_the_version_of_the_template(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [message_from_bytes(archive.read(name)) for name in names if name.endswith("/METADATA")]
    assert metadata["Version"] == CONTEXT["_version"] == importlib.metadata.version("func-web")
    assert {name.partition("/")[0] for name in names} == {"functions_host", f"func_web-{metadata['Version']}.dist-info"}
    modules = {path.name for path in (TEMPLATE / "functions_host").glob("*.py")}
    assert {Path(name).name for name in names if name.startswith("functions_host/")} == modules


def test_of_this_repository_the_host_alone_can_be_imported(tmp_path: Path) -> None:
    stems = {path.stem for path in TEMPLATE.iterdir() if path.is_dir() or path.suffix == ".py"}
    names = sorted(stem for stem in stems if stem.isidentifier())
    code = "import sys; from importlib.util import find_spec; [print(find_spec(name)) for name in sys.argv[1:]]"
    specs = run_python("-c", code, *names, cwd=tmp_path).stdout.replace(sys.prefix, "")
    assert len(specs.splitlines()) == len(names) > 3
    assert [name for name, spec in zip(names, specs.splitlines(), strict=True) if str(TEMPLATE) in spec] == [
        "functions_host"
    ]


def test_the_command_in_a_project_s_readme_serves_it_with_what_its_requirements_name(
    wheel: Path, uv: str, bake: Bake, tmp_path: Path
) -> None:
    python = "{}.{}".format(*sys.version_info)
    if python not in ANSWERS["python_version"]:
        pytest.skip(f"the command would need another Python than {python}")
    baked = bake(route_prefix="api", python_version=python)
    (baked.path / "h11.py").write_text("raise ImportError('a module of the app hides a package')")
    (command,) = re.findall(r"^uvx (.* functions-host \.)$", baked.read("README.md"), re.MULTILINE)
    tool = [uv, "tool", "run", "--quiet", *shlex.split(command.replace("<func-web>", str(wheel)))]
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, encoding="utf-8", check=True).stdout.strip()
    # uv takes the Python that the command names from the path, and from no virtual environment there.
    path = os.pathsep.join([str(Path(sys.base_prefix, "bin")), os.environ["PATH"]])
    # In a session of its own, so that a Ctrl-C reaches uv and the host as in a terminal.
    with subprocess.Popen(
        [*tool, "--port", "0"],
        cwd=baked.path,
        env=client.environment({"PATH": path, "UV_CACHE_DIR": cache, "XDG_CACHE_HOME": str(tmp_path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if line.startswith("Listening on "):
                    break
            else:
                pytest.fail("".join(lines))
            url = lines[-1].split()[-1] + "/api/hello/Ada"
            transport = httpx2.HTTPTransport(retries=5)  # it listens only after it has said so
            with httpx2.Client(transport=transport, trust_env=False) as http:
                assert http.get(url).json() == {"message": "Hello, Ada!"}, lines
        finally:
            os.killpg(process.pid, signal.SIGINT)
        assert process.wait(15) == 0
        assert not process.stdout.read()
    installing = [line for line in lines if line.startswith("Installing")]
    assert installing == [lines[0]] and str(baked.path) in lines[0] and str(tmp_path) in lines[0]
