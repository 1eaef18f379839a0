"""What this host relies on in the runtime packages, and which version changed it.

The packages promise no compatibility. When one of these tests fails with a new version, its message says what is
different: put functions_host/worker.py or messages.py right, run tests/host, and only then change the pin in
pyproject.toml.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from functions_host import next_worker
from functions_host.datums import from_datum
from functions_host.messages import Message, Protos
from functions_host.worker import USED, runtime_names

RUNTIMES = [pytest.param(is_v2, id="v2" if is_v2 else "v1") for is_v2 in (True, False)]


def source(is_v2: bool) -> str:
    """Return all source of a runtime package."""
    spec = importlib.util.find_spec(runtime_names(is_v2)[1])
    assert spec is not None and spec.origin is not None
    files = sorted(Path(spec.origin).parent.rglob("*.py"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_is_the_version_this_host_was_written_against(is_v2: bool) -> None:
    name, _ = runtime_names(is_v2)
    (pin,) = [
        requirement.specifier
        for requirement in map(Requirement, importlib.metadata.requires("func-web") or ())
        if requirement.name == name
    ]
    installed = importlib.metadata.version(name)
    assert f"=={installed}" == str(pin), (
        f"{name} is {installed}, this host was written against {pin}: run tests/host with it, and if they pass change "
        "its pin in pyproject.toml"
    )


@pytest.mark.parametrize("name", USED)
@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_still_exports_what_this_host_calls(is_v2: bool, name: str) -> None:
    distribution, module_name = runtime_names(is_v2)
    module = importlib.import_module(module_name)
    assert name in module.__all__, f"{distribution} no longer exports {name!r}"
    member = getattr(module, name)
    if not name.endswith("_request"):
        return
    assert inspect.iscoroutinefunction(member), f"{distribution}: {name} is no longer async"
    parameters = list(inspect.signature(member).parameters)
    assert parameters == ["request"], f"{distribution}: {name} now takes {parameters}"


@pytest.mark.parametrize(("module", "names"), next_worker.USED.items(), ids=str)
@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_still_has_what_the_next_worker_calls(is_v2: bool, module: str, names: tuple[str, ...]) -> None:
    distribution, package = runtime_names(is_v2)
    imported = importlib.import_module(f"{package}.{module}")
    missing = [name for name in names if not hasattr(imported, name)]
    assert not missing, f"{distribution}: {module} no longer has {missing}; see functions_host/next_worker.py"


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_next_worker_s_entries_take_and_return_the_same(is_v2: bool) -> None:
    native = importlib.import_module(f"{runtime_names(is_v2)[1]}.native_invocation")
    for name, unknown in (
        ("run_invocation_sync", (True, False, None, [], "function none not loaded", "")),
        ("invocation_request_native", (False, None, [], "function none not loaded", "")),
    ):
        entry = getattr(native, name)
        assert list(inspect.signature(entry).parameters) == [
            "invocation_id",
            "function_id",
            "inputs",
            "trigger_metadata",
            "trace_parent",
            "trace_state",
            "retry_count",
            "max_retry_count",
            "retry_exception",
        ], f"{name} has other parameters"
        result = entry("an id", "none", [], {})
        assert (asyncio.run(result) if inspect.iscoroutine(result) else result) == unknown, name


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_next_worker_knows_each_kind_of_datum_that_the_runtime_makes(is_v2: bool) -> None:
    module = importlib.import_module(f"{runtime_names(is_v2)[1]}.bindings.datumdef")
    kinds = re.findall(r"datum\.type == '(\w+)'", inspect.getsource(module.datum_as_proto))
    assert {"http", "string", "bytes"} < set(kinds)
    for kind in set(kinds) - {"http"}:
        assert from_datum(module.Datum([] if kind == "list" else 1, kind)) is not None, kind
    with pytest.raises(TypeError, match="unsupported outbound datum type: complex"):
        from_datum(module.Datum(1j, "complex"))


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_uses_only_message_types_this_host_has(is_v2: bool) -> None:
    used = set(re.findall(r"\bprotos\.(\w+)", source(is_v2)))
    assert len(used) > 10
    missing = sorted(name for name in used if not hasattr(Protos, name))
    assert not missing, f"{runtime_names(is_v2)[0]} now uses protos.{', protos.'.join(missing)}"


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_reads_only_request_fields_this_host_sends(is_v2: bool) -> None:
    sent = {
        "init_request": {"capabilities", "function_app_directory"},
        "func_request": {"function_id", "metadata"},
        "function_metadata": {"name", "directory"},
        "invoc_request": {
            "function_id",
            "input_data",
            "invocation_id",
            "retry_context",
            "trace_context",
            "trigger_metadata",
        },
    }
    for variable, fields in sent.items():
        read = set(re.findall(rf"\b{variable}\.(\w+)", source(is_v2)))
        new = sorted(read - fields)
        assert not new, f"{runtime_names(is_v2)[0]} now reads {new} of its {variable}"


@pytest.mark.parametrize("is_v2", RUNTIMES)
def test_the_runtime_asks_only_for_capabilities_this_host_knows(is_v2: bool) -> None:
    _, _, rest = source(is_v2).partition("# Capabilities\n")
    known = {
        "FunctionDataCache",
        "HttpUri",
        "RawHttpBodyBytes",
        "RequiresRouteParameters",
        "RpcHttpBodyOnly",
        "RpcHttpTriggerMetadataRemoved",
        "SharedMemoryDataTransfer",
        "TypedDataCollection",
        "WorkerOpenTelemetryEnabled",
        "WorkerStatus",
    }
    names = set(re.findall(r'^\w+ = "(\w+)"', rest.partition("# Platform")[0], re.MULTILINE))
    assert names, "the runtime's list of capabilities has moved"
    new = sorted(names - known)
    assert not new, f"{runtime_names(is_v2)[0]} has new capabilities: {new}; see convert.py"


def test_a_field_that_nobody_sent_is_named() -> None:
    message = Message(sent=1)
    with pytest.raises(AttributeError, match=r"no 'unsent'.*it sent: sent"):
        _ = message.unsent


def test_the_importers_of_the_runtimes_are_the_worker_modules_alone() -> None:
    package = Path(__file__).parents[2] / "functions_host"
    named = {file.name for file in package.glob("*.py") if "azure_functions_runtime." in file.read_text()}
    imports = {
        file.name
        for file in package.glob("*.py")
        if re.search(r"^\s*(import|from) azure", file.read_text(), re.MULTILINE)
    }
    assert not imports
    assert named <= {"proxy.py", "worker.py"}, "only prose may name the runtimes elsewhere"
    users = {file.name for file in package.glob("*.py") if "import_module(" in file.read_text()}
    assert users == {"next_worker.py", "worker.py"}
