"""What a project with an MCP server has beside the server: how clients find it."""

import ast
import json
import re

import pytest

from tests.conftest import BakedProject
from tests.test_hostile_answers import TEXTS, answers
from tests.variants import FRAMEWORKS, PLAIN, VARIANTS, Variant, rendered

pytestmark = pytest.mark.skipif("mcp" not in FRAMEWORKS, reason="the table has no MCP")


@pytest.mark.parametrize(
    "variant", [each for each in VARIANTS if each.framework == "mcp"], ids=str, indirect=True, scope="module"
)
def test_vs_code_finds_the_server_here_and_in_azure(variant: Variant, project: BakedProject) -> None:
    text = project.read(".vscode/mcp.json")
    config = json.loads(text)
    local, azure = config["servers"].values()
    path = f"{variant.root_path}{variant.row['endpoint']}"
    assert local == {"type": "http", "url": f"http://localhost:7071{path}"}
    # With azd, SERVICE_APP_URL has the route prefix; without it the prompt says so.
    asked = {entry["id"]: entry for entry in config["inputs"]}
    assert azure["url"] == f"${{input:url}}{variant.row['endpoint']}"
    if variant.deployment == "azd":
        assert "azd env get-value SERVICE_APP_URL" in asked["url"]["description"]
        url = re.findall(r"output SERVICE_APP_URL string = '(.*)'", project.read("infra/main.bicep"))
        assert url == [f"https://${{functionApp.properties.defaultHostName}}{variant.root_path}"]
    else:
        assert asked["url"]["description"].endswith(f".azurewebsites.net{variant.root_path}")
    key = variant.auth_level != "anonymous"
    assert azure.get("headers") == ({"x-functions-key": "${input:key}"} if key else None)
    assert set(re.findall(r"\$\{input:(\w+)\}", text)) == set(asked) == ({"url", "key"} if key else {"url"})
    assert not key or asked["key"]["password"] is True
    # A master key must not be in a URL, which is logged.
    readme = project.read("README.md")
    assert f"`http://localhost:7071{path}`" in readme
    assert (f"{path}?code=" in readme) == (variant.auth_level == "function")


@pytest.mark.parametrize(
    "variant", [each for each in VARIANTS if each.framework == "mcp"][:1], ids=str, indirect=True, scope="module"
)
def test_the_readme_leads_to_a_client_first(variant: Variant, project: BakedProject) -> None:
    top, run, _ = project.read("README.md").partition("\n## Run\n")
    assert run and "## Connect a client" in top and len(top.splitlines()) <= 50


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_agents_are_told_the_projects_name_and_description(text: str) -> None:
    tree = ast.parse(rendered("mcpapp/tools.py", Variant({**PLAIN, **answers(text), "framework": "mcp"})))
    (call,) = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "MCPServer")
    told = [*call.args, *(word.value for word in call.keywords if word.arg == "description")]
    assert [ast.literal_eval(value) for value in told] == [text, text]
