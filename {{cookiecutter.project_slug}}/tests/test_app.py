{%- set json = cookiecutter._frameworks[cookiecutter.framework].apps[cookiecutter.__interface].test_client.json -%}
{%- set post = cookiecutter._frameworks[cookiecutter.framework].apps[cookiecutter.__interface].test_client.post | default("json=%s") -%}
import pytest


def test_index_has_a_message(client):
    response = client.get("/")
    assert response.status_code == 200
    assert response.{{ json }}["message"]


@pytest.mark.parametrize("name", ["Ada", "José", "Ada Lovelace", "李"])
def test_greets_the_name_in_the_path(client, name):
    response = client.get(f"/hello/{name}")
    assert response.status_code == 200
    assert response.{{ json }} == {"message": f"Hello, {name}!"}


def test_greets_whatever_the_query(client):
    response = client.get("/hello/Ada?title=Countess&year=1815")
    assert response.{{ json }} == {"message": "Hello, Ada!"}


def test_greets_the_posted_name(client):
    response = client.post("/hello", {{ post % '{"name": "José"}' }})
    assert response.status_code == 200
    assert response.{{ json }} == {"message": "Hello, José!"}


@pytest.mark.parametrize("posted", [None, [], {}, {"name": ""}, {"name": 1}])
def test_refuses_a_post_without_a_name(client, posted):
    response = client.post("/hello", {{ post % "posted" }})
    assert response.status_code in (400, 422)
    assert response.{{ json }}


def test_is_healthy(client):
    assert client.get("/health").status_code == 200


def test_unknown_path_is_not_found(client):
    assert client.get("/nowhere").status_code == 404
