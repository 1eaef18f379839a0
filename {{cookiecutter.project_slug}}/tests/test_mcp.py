import json


def post(client, method, host="localhost", **params):
    """Post a request to the MCP server, as clients do."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    accept = "application/json, text/event-stream"
    return client.post("/mcp", json=message, headers={"Accept": accept, "Host": host})


def ask(client, method, **params):
    """Return the result of a request, which comes as JSON or as an event."""
    response = post(client, method, **params)
    assert response.status_code == 200, response.text
    return json.loads(response.text.partition("data: ")[2] or response.text)["result"]


def test_greets_with_a_tool(client):
    assert [tool["name"] for tool in ask(client, "tools/list")["tools"]] == ["greet"]
    result = ask(client, "tools/call", name="greet", arguments={"name": "José"})
    assert result["content"][0]["text"] == "Hello, José!"


def test_tells_what_is_wrong_with_the_arguments_of_a_tool(client):
    result = ask(client, "tools/call", name="greet", arguments={})
    assert result["isError"] and "name" in result["content"][0]["text"]


def test_greets_in_a_resource(client):
    (template,) = ask(client, "resources/templates/list")["resourceTemplates"]
    result = ask(client, "resources/read", uri=template["uriTemplate"].replace("{name}", "Ada"))
    assert result["contents"][0]["text"] == "Hello, Ada!"


def test_has_a_prompt(client):
    assert [prompt["name"] for prompt in ask(client, "prompts/list")["prompts"]] == ["welcome"]
    result = ask(client, "prompts/get", name="welcome", arguments={"name": "Ada"})
    assert "Ada" in result["messages"][0]["content"]["text"]


def test_refuses_other_hosts_and_other_methods(client):
    assert post(client, "tools/list", host="rebound.example").status_code == 421
    assert client.get("/mcp").status_code == 405
