"""Strange but possible answers bake a project that passes its own checks."""

import ast
import json
import tomllib

import pytest
import yaml
from markdown_it import MarkdownIt
from packaging.utils import canonicalize_name

from tests.conftest import Bake
from tests.hooks import pre_gen
from tests.variants import PLAIN, Variant, context_of, rendered

TEXTS = {
    "quotes": """Jean "JP" O'Neil""",
    "backslash": r"DOMAIN\user\n",
    "triple quotes": '"""end"""',
    "braces": "{curly} %s %(x)s ${x}",
    "shell": "$(id) `id` ; rm -rf x",
    "non-ASCII": "José 李小龙 🚀 👨\u200d👩\u200d👧 山田\u3000太郎 Ada\xa0Lovelace می\u200cخواهم",  # noqa: RUF001
    "html": "<script>alert(1)</script> & more",
    "long": "long " * 500 + "end",
    "hash": "# not a comment",
    "toml": 'x" }] # y',
}

# What Markdown takes for something else than text, in the whole line or at one end of it.
MARKUP = [
    "a <!-- b", "<!-- a", "a --> b", "<b>a</b>", "<https://example.org>", "&lt;b&gt; &copy;", "R&D",
    "``` python", "~~~", "a `b` c", "~~a~~", "*a* **b** _c_ __d__", "snake_case", "\\", "\\*a\\*", "a\\",
    "[a](https://example.org)", "![a](b.png)", "[a]: b", "[ ] a",
    "# a", "a #", "a ##", "#", "C#", "a\\#", "- a", "+ a", "* a", "-", "---", "***", "===", "> a", "1. a", "12) a",
    "3.", "| a | b |", "    a", "a  ",
]  # fmt: skip

# What is one line of text, though Python does not count each character as printable.
PRINTABLE = [
    "👨\u200d👩\u200d👧\u200d👦",  # joined by U+200D
    "می\u200cخواهم",  # noqa: RUF001  # Persian, with U+200C
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    "山田\u3000太郎",  # with an ideographic space
    "Ada\xa0Lovelace",  # with a space that does not break
    "new \U0001faea",  # an emoji of 2025, after the Unicode of Python 3.13
]


def answers(text: str) -> dict[str, str]:
    """Return answers with this text for the project's name, description and author."""
    return {"project_name": text, "description": text, "author_name": text, "project_slug": "x"}


def assert_is_shown(text: str, readme: str) -> None:
    """Fail unless README.md shows the text, as it was typed and as mere text, as its title and two paragraphs."""
    tokens = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(readme)[:9]
    assert [token.tag for token in tokens] == ["h1", "", "h1", "p", "", "p", "p", "", "p"]
    texts = []
    for token in tokens[1::3]:
        children = [child for child in token.children or [] if child.type not in ("em_open", "em_close")]
        assert [child.type for child in children] == ["text"], token.content
        texts.append(children[0].content)
    line = text.strip()
    assert texts == [line, line, f"Written by {line}"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text(text: str, bake: Bake) -> None:
    project = bake.shared(**answers(text))
    assert_is_shown(text, project.read("README.md"))
    (call,) = (node for node in ast.walk(ast.parse(project.read("fastapiapp/__init__.py")))
               if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FastAPI")  # fmt: skip
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == {"title": text, "description": text}
    tomllib.loads(project.read("pyproject.toml"))
    for name in project.files:
        if name.endswith((".yml", ".yaml")):
            yaml.safe_load(project.read(name))
        elif name.endswith(".json"):
            json.loads(project.read(name))
        elif name.endswith(".py"):
            ast.parse(project.read(name))


def test_all_texts_at_once(bake: Bake) -> None:
    bake.shared(**answers(" ".join(TEXTS.values()))).passes_its_own_checks()


@pytest.mark.parametrize("text", [*MARKUP, *PRINTABLE])
def test_text_is_shown_as_it_was_typed(text: str) -> None:
    assert pre_gen.check_line("description", text) is None
    assert_is_shown(text, rendered("README.md", Variant({**PLAIN, **answers(text)})))


def test_plain_text_is_left_alone(bake: Bake) -> None:
    text = "José's 2nd API (beta), v1.0 - e.g. for C# users!"
    project = bake(project_name=text, description=text, author_name=text, project_slug="x")
    assert project.read("README.md").startswith(f"# {text}\n\n{text}\n\n_Written by {text}_\n")


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
def test_slug_comes_from_the_name(name: str, slug: str) -> None:
    assert context_of(Variant({**PLAIN, "project_name": name.strip()}))["project_slug"] == slug


@pytest.mark.parametrize("slug", ["class", "A1", "x_y-z", "x" * 64, "123"])
def test_slug_is_taken_as_it_is(slug: str, bake: Bake) -> None:
    project = bake.shared(project_slug=slug)
    assert project.path.name == slug
    name = tomllib.loads(project.read("pyproject.toml"))["project"]["name"]
    assert canonicalize_name(name, validate=True) == canonicalize_name(f"{slug}-app")


@pytest.mark.parametrize("slug", ["azure", "tests"])
def test_slug_that_is_a_name_of_something_else(slug: str, bake: Bake) -> None:
    bake.shared(project_slug=slug).passes_its_own_checks()


@pytest.mark.parametrize("prefix", ["API/v1.0/a-b_c~d/x"])
def test_route_prefix(prefix: str, bake: Bake) -> None:
    bake.shared(route_prefix=prefix).passes_its_own_checks()


def test_jinja_in_an_answer_that_was_typed_in_stays_text(bake: Bake) -> None:
    # Cookiecutter renders answers from the command line, so what must stay text is itself given as Jinja.
    text = "{{ cookiecutter.nothing }} {% raw %}"
    project = bake(description="{{ '{{ cookiecutter.nothing }} {% raw %}' }}")
    assert f"\n{text}\n" in project.read("README.md")
