"""Strange but possible answers bake a project that passes its own checks."""

import ast

import pytest

from tests.conftest import Bake

TEXTS = {
    "quotes": """Jean "JP" O'Neil""",
    "backslash": r"DOMAIN\user\n",
    "triple quotes": '"""end"""',
    "braces": "{curly} %s %(x)s ${x}",
    "shell": "$(id) `id` ; rm -rf x",
    "non-ASCII": "José 李小龙 🚀",
    "html": "<script>alert(1)</script> & more",
    "long": "long " * 500 + "end",
    "hash": "# not a comment",
    "toml": 'x" }] # y',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text(text: str, bake: Bake) -> None:
    project = bake(project_name=text, description=text, author_name=text, project_slug="x")
    assert project.read("README.md").startswith(f"# {text}\n\n{text}\n\n_Written by {text}_\n")
    (call,) = (node for node in ast.walk(ast.parse(project.read("fastapiapp/__init__.py")))
               if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FastAPI")  # fmt: skip
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == {"title": text, "description": text}
    project.passes_its_own_checks()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Web Function", "my-web-function"),
        ("José's API", "jose-s-api"),
        ("!!!", "my-web-function"),
        ("李小龙", "li-xiao-long"),
        ("w" * 300, "w" * 50),
        ("word " * 60, ("word-" * 10).rstrip("-")),
    ],
)
def test_slug_comes_from_the_name(name: str, slug: str, bake: Bake) -> None:
    assert bake(project_name=name.strip()).path.name == slug


@pytest.mark.parametrize("slug", ["class", "azure", "funcweb", "tests", "A1", "x_y-z", "x" * 64, "123"])
def test_slug_that_is_a_name_of_something_else(slug: str, bake: Bake) -> None:
    project = bake(project_slug=slug)
    assert project.path.name == slug
    project.passes_its_own_checks()


@pytest.mark.parametrize("prefix", ["API", "api/v1.0", "a-b_c~d", "x/y/z/1"])
def test_route_prefix(prefix: str, bake: Bake) -> None:
    bake(route_prefix=prefix).passes_its_own_checks()


def test_jinja_in_an_answer_that_was_typed_in_stays_text(bake: Bake) -> None:
    # Cookiecutter renders answers from the command line, so what must stay text is itself given as Jinja.
    text = "{{ cookiecutter.nothing }} {% raw %}"
    project = bake(description="{{ '{{ cookiecutter.nothing }} {% raw %}' }}")
    assert f"\n{text}\n" in project.read("README.md")
