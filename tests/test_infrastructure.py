"""What `azd up` makes and deploys: infra/ and azure.yaml, read without Azure and its tools.

What must hold of Flex Consumption is in https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan and, of
app settings, in https://learn.microsoft.com/azure/azure-functions/functions-app-settings.
"""

import json
import re
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.bicep import Bicep, Resource
from tests.conftest import Bake, BakedProject
from tests.variants import PLAIN, VARIANTS, Variant, rendered

NOT_ON_FLEX = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
}
# What a framework needs in Azure beside what all need: app settings, and the parameters that azd gives.
APP_SETTINGS = {
    "django": {
        "DJANGO_SECRET_KEY": "djangoSecretKey",
        "DJANGO_ALLOWED_HOSTS": "djangoAllowedHosts",
        "DATABASE_URL": "databaseUrl",
    },
    "mcp": {"MCP_ALLOWED_HOSTS": "mcpAllowedHosts"},
}
PARAMETERS = {
    "django": {
        "databaseUrl": {"value": "${DATABASE_URL}"},
        "djangoAllowedHosts": {"value": "${DJANGO_ALLOWED_HOSTS}"},
    },
    "mcp": {"mcpAllowedHosts": {"value": "${MCP_ALLOWED_HOSTS}"}},
}
AZD_KEEPS = {"AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID"}  # In each of its environments, whatever is deployed.


@pytest.fixture(scope="module", params=[variant for variant in VARIANTS if variant.deployment == "azd"], ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Each variant that is deployed by azd."""
    chosen: Variant = request.param
    return chosen


@pytest.fixture(scope="module")
def bicep(project: BakedProject) -> Bicep:
    """The project's infra/main.bicep."""
    return Bicep(project.read("infra/main.bicep"))


def properties(bicep: Bicep, type_: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type."""
    (body,) = (resource.body for resource in bicep.resources.values() if resource.type == type_)
    found: dict[str, Any] = body["properties"]
    return found


def app_settings(bicep: Bicep) -> dict[str, str]:
    """Return the function app's settings."""
    settings = properties(bicep, "Microsoft.Web/sites")["siteConfig"]["appSettings"]
    assert len({setting["name"] for setting in settings}) == len(settings)
    return {setting["name"]: setting["value"] for setting in settings}


def service(project: BakedProject) -> tuple[str, dict[str, Any]]:
    """Return name and content of the only service in azure.yaml."""
    ((name, content),) = yaml.safe_load(project.read("azure.yaml"))["services"].items()
    return name, content


def test_the_checks_can_fail() -> None:
    text = "resource a 'T/a@2024-01-01' = {\n  name: nam\n  properties: { n: 1, b: true, l: ['x'] }\n}\n"
    assert Bicep(text).undeclared == {"nam"}
    assert Bicep(text).resources["a"] == Resource(
        "T/a", "2024-01-01", {"name": "nam", "properties": {"n": 1, "b": True, "l": ["x"]}}
    )
    assert not Bicep(text).syntax_errors
    assert Bicep(text.replace("name:", "name")).syntax_errors
    assert Bicep(text.rstrip("}\n")).syntax_errors


def test_bicep_is_valid(bicep: Bicep) -> None:
    assert bicep.syntax_errors == []
    assert bicep.undeclared == set()


def test_api_versions_are_pinned_to_stable_ones(bicep: Bicep) -> None:
    for resource in bicep.resources.values():
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", resource.version), resource


def test_the_plan_is_flex_consumption_on_linux(bicep: Bicep) -> None:
    (plan,) = (resource.body for resource in bicep.resources.values() if resource.type == "Microsoft.Web/serverfarms")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan["properties"] == {"reserved": True}


def test_the_function_app_runs_the_chosen_python(variant: Variant, bicep: Bicep) -> None:
    config = properties(bicep, "Microsoft.Web/sites")["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": variant.python_version}


def test_instances_answer_as_many_requests_at_once_as_suits_the_mode(variant: Variant, bicep: Bicep) -> None:
    assert properties(bicep, "Microsoft.Web/sites")["functionAppConfig"]["scaleAndConcurrency"] == {
        "instanceMemoryMB": "instanceMemoryMB",
        "maximumInstanceCount": "maximumInstanceCount",
        "triggers": {"http": {"perInstanceConcurrency": "requestsPerInstance"}},
    }
    assert bicep.parameters["instanceMemoryMB"] == 2048
    assert bicep.parameters["maximumInstanceCount"] == 40
    at_once = 50 if variant.streams else {"sync": 16, "nest_asyncio": 4}.get(variant.mode, 50)
    assert bicep.parameters["requestsPerInstance"] == at_once


def test_app_settings_are_those_of_the_choices(variant: Variant, bicep: Bicep) -> None:
    expected = {
        "AzureWebJobsStorage__blobServiceUri": "storage.properties.primaryEndpoints.blob",
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": "identity.properties.clientId",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "applicationInsights.properties.ConnectionString",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "ClientId=${identity.properties.clientId};Authorization=AAD",
    }
    expected["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "string(requestBodyLimitMB * 1024 * 1024)"
    expected |= APP_SETTINGS.get(variant.framework, {})
    if variant.observability == "opentelemetry":
        if variant.has_function:
            expected["PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"] = "true"
        if variant.framework == "django":
            expected["OTEL_PYTHON_DJANGO_INSTRUMENT"] = "False"
    if variant.jobs == "timer":
        expected["JOBS_SCHEDULE"] = "0 */5 * * * *"
    if variant.jobs == "queue":
        expected["AzureWebJobsStorage__queueServiceUri"] = "storage.properties.primaryEndpoints.queue"
    if not variant.has_function:
        expected["PYTHONPATH"] = "/home/site/wwwroot/.python_packages/lib/site-packages"
    elif variant.mode == "sync":
        expected["PYTHON_THREADPOOL_THREAD_COUNT"] = "string(requestsPerInstance)"
    if variant.mode == "streaming" and variant.python_version in ("3.11", "3.12"):
        expected["PYTHON_ENABLE_INIT_INDEXING"] = "1"
    assert app_settings(bicep) == expected


def body_limit(bicep: Bicep, **parameters: int) -> int:
    """Return the largest body, in MB, that the file's arithmetic gives; Bicep divides whole numbers as // does."""
    names = {**bicep.parameters, **parameters}
    return int(eval(str(names["requestBodyLimitMB"]).replace("/", "//"), {"max": max}, names))


def test_the_bodies_of_all_requests_at_once_fit_into_memory(variant: Variant, bicep: Bicep) -> None:
    if variant.streams:
        assert bicep.parameters["requestBodyLimitMB"] == 100  # Azure's own: nothing is collected.
        return
    for memory in (512, 2048, 4096):
        for requests in (1, bicep.parameters["requestsPerInstance"], 1000):
            limit = body_limit(bicep, instanceMemoryMB=memory, requestsPerInstance=requests)
            # The host and the worker hold each body several times; four is the estimate that the comment names.
            assert limit == 1 or 4 * requests * limit <= memory / 2 < 4 * requests * (limit + 1)


def test_the_readme_names_the_largest_body(variant: Variant, bicep: Bicep, project: BakedProject) -> None:
    assert f"{body_limit(bicep)} MB (`requestBodyLimitMB` in `infra/main.bicep`)" in project.read("README.md")


def test_no_app_setting_is_one_that_flex_consumption_refuses(bicep: Bicep) -> None:
    assert not NOT_ON_FLEX & set(app_settings(bicep))


def test_nothing_is_reached_with_a_key(variant: Variant, bicep: Bicep, project: BakedProject) -> None:
    storage = properties(bicep, "Microsoft.Storage/storageAccounts")
    assert storage["allowSharedKeyAccess"] is False
    assert storage["allowBlobPublicAccess"] is False
    assert properties(bicep, "Microsoft.Insights/components")["DisableLocalAuth"] is True
    assert properties(bicep, "Microsoft.OperationalInsights/workspaces")["features"] == {"disableLocalAuth": True}
    deployment = properties(bicep, "Microsoft.Web/sites")["functionAppConfig"]["deployment"]
    assert deployment["storage"]["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": "identity.id",
    }
    keys = r"list(Account)?(Keys|Sas|Secrets)|AccountKey|SharedAccess"
    assert not re.search(keys, project.read("infra/main.bicep"), re.IGNORECASE)
    secrets = set(re.findall(r"@secure\(\)[^/]*?param (\w+)", project.read("infra/main.bicep")))
    assert secrets == {"django": {"djangoSecretKey", "databaseUrl"}}.get(variant.framework, set())


def test_nothing_is_reached_without_tls_1_2(bicep: Bicep) -> None:
    storage = properties(bicep, "Microsoft.Storage/storageAccounts")
    assert (storage["minimumTlsVersion"], storage["supportsHttpsTrafficOnly"]) == ("TLS1_2", True)
    site = properties(bicep, "Microsoft.Web/sites")
    assert site["httpsOnly"] is True
    assert (site["siteConfig"]["minTlsVersion"], site["siteConfig"]["scmMinTlsVersion"]) == ("1.2", "1.2")


def test_nobody_deploys_with_a_password(bicep: Bicep) -> None:
    type_ = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
    policies = [resource.body for resource in bicep.resources.values() if resource.type == type_]
    assert sorted(policies, key=lambda policy: str(policy["name"])) == [
        {"parent": "functionApp", "name": name, "properties": {"allow": False}} for name in ("ftp", "scm")
    ]


def test_the_identity_has_the_least_roles(variant: Variant, bicep: Bicep, project: BakedProject) -> None:
    type_ = "Microsoft.Authorization/roleAssignments"
    roles = [
        (resource.body["scope"], *re.findall(r"[0-9a-f-]{36}", resource.body["properties"]["roleDefinitionId"]))
        for resource in bicep.resources.values()
        if resource.type == type_ and resource.body["properties"]["principalId"] == "identity.properties.principalId"
    ]
    # https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    expected = [
        ("storage", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),  # Storage Blob Data Owner
        ("applicationInsights", "3913510d-42f4-4e42-8a64-420c390055eb"),  # Monitoring Metrics Publisher
    ]
    if variant.jobs == "queue":
        expected.insert(1, ("storage", "974c5e8b-45b9-4653-ba55-5f855dd0fb88"))  # Storage Queue Data Contributor
    assert roles == expected
    assert len({str(resource.body["name"]) for resource in bicep.resources.values() if resource.type == type_}) == len(
        roles
    )
    assert project.read("infra/main.bicep").count(type_) == len(roles)


def test_what_other_triggers_need_is_said_where_it_is_set_and_in_the_readme(
    variant: Variant, project: BakedProject
) -> None:
    # https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
    text, readme = project.read("infra/main.bicep"), project.read("README.md")
    needed = {"Table": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"}
    if variant.jobs != "queue":  # Or it has that one.
        needed["Queue"] = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
    for kind, identifier in needed.items():
        role, setting = f"Storage {kind} Data Contributor", f"AzureWebJobsStorage__{kind.lower()}ServiceUri"
        assert (f"// {role}: {identifier}\n" in text) == (role in readme) == variant.has_function
        assert (setting in text) == (setting in readme) == variant.has_function


def test_parameters_without_a_default_are_given_by_azd(variant: Variant, bicep: Bicep, project: BakedProject) -> None:
    given = json.loads(project.read("infra/main.parameters.json"))["parameters"]
    assert given == {"environmentName": {"value": "${AZURE_ENV_NAME}"}, **PARAMETERS.get(variant.framework, {})}
    # https://learn.microsoft.com/azure/developer/azure-developer-cli/metadata
    generated = set(re.findall(r"type: 'generate'.*?\nparam (\w+)", project.read("infra/main.bicep"), re.DOTALL))
    assert set(given) <= set(bicep.parameters)
    assert {name for name, default in bicep.parameters.items() if default is None} <= set(given) | generated


def test_azd_finds_the_function_app(bicep: Bicep, project: BakedProject) -> None:
    name, _ = service(project)
    assert bicep.resources["functionApp"].body["tags"] == f"union(tags, {{ 'azd-service-name': '{name}' }})"
    for resource in bicep.resources.values():
        if "tags" in resource.body:
            assert resource.body["tags"].startswith(("tags", "union(tags,"))
    assert "var tags = { 'azd-env-name': environmentName }" in project.read("infra/main.bicep")


def test_azd_deploys_what_was_built_here(project: BakedProject) -> None:
    _, content = service(project)
    hooks = content.pop("hooks")
    hooks.pop("predeploy", None)  # of Django, which is tried in test_django.py
    assert content == {
        "project": ".",
        "host": "function",
        "language": "python",
        "dist": "dist/app",
        "remoteBuild": False,
    }
    assert hooks == {
        "prepackage": {
            "posix": {"shell": "sh", "run": "python3 build.py"},
            "windows": {"shell": "pwsh", "run": "python build.py"},
        }
    }


def test_the_hooks_run_what_is_there(project: BakedProject) -> None:
    _, content = service(project)
    for hook in content["hooks"].values():
        assert {re.findall(r"\w+\.py", command["run"])[0] for command in hook.values()} <= project.files


def test_an_azd_that_would_build_again_is_refused(project: BakedProject) -> None:
    assert yaml.safe_load(project.read("azure.yaml"))["requiredVersions"] == {"azd": ">= 1.23.5"}


@pytest.mark.parametrize("slug", ["a", "123", "My_Fn", "x" * 63 + "y", "-".join(["ab"] * 21)])
def test_azure_yaml_has_a_name_that_azd_takes(slug: str) -> None:
    name = yaml.safe_load(rendered("azure.yaml", Variant({**PLAIN, "project_slug": slug})))["name"]
    assert isinstance(name, str)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", name), name


def test_the_url_has_the_route_prefix(variant: Variant, bicep: Bicep) -> None:
    url = bicep.outputs["SERVICE_APP_URL"]
    assert url == "https://${functionApp.properties.defaultHostName}" + variant.root_path


def test_the_readme_asks_azd_for_what_it_has(variant: Variant, bicep: Bicep, project: BakedProject) -> None:
    readme = project.read("README.md")
    asked = set(re.findall(r"azd env get-value (\w+)", readme))
    assert "SERVICE_APP_URL" in asked
    assert asked <= AZD_KEEPS | set(bicep.outputs)
    keys = re.findall(r"az functionapp keys list .* --query (\S+)", readme)
    assert keys == {"anonymous": [], "function": ["functionKeys.default"], "admin": ["masterKey"]}[variant.auth_level]


def test_azd_restore_installs_what_requirements_txt_names(bake: Bake, tmp_path: Path) -> None:
    # Since 1.23.7 azd runs `pip install .` where there is a pyproject.toml: Restore in framework_service_python.go of
    # Azure/azure-dev. This builds the same wheel, and more quickly.
    project = bake(deployment="azd")
    project.passes("uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {name.rpartition("/")[2]: name for name in archive.namelist()}
        metadata = Parser().parsestr(archive.read(files["METADATA"]).decode())
    lines = [line for line in project.read("requirements.txt").splitlines() if not line.startswith("#")]
    assert {*map(Requirement, metadata.get_all("Requires-Dist", []))} == {*map(Requirement, lines)}
    assert all(name.partition("/")[0].endswith(".dist-info") for name in files.values())


def test_the_readme_says_where_concurrency_is_set(variant: Variant, project: BakedProject) -> None:
    names_it = "`requestsPerInstance`" in project.read("README.md")
    assert names_it == (variant.mode == "sync" and variant.has_function)
