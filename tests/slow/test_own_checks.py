"""The checks of a generated project find mistakes, and let pass what the frameworks' documentation shows.

One project stands for all: the settings are the same but for the calls that may be a default, and the plugins of mypy.
"""

import pytest

from tests.conftest import Bake, BakedProject, Mypy
from tests.variants import FRAMEWORKS, one_with

# As documentation and tutorials write it: with few annotations and docstrings, or none.
USUAL = {
    "shop/items.py": """
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, File, Form, Header, HTTPException, Query, UploadFile
from pydantic import BaseModel

router = APIRouter(prefix="/items", dependencies=[Depends(lambda: None)])
stock = {}
saved = {"name": "Pen", "tags": ["blue"]}


class Item(BaseModel):
    name: str
    tags: list = []


pen = Item(**saved)


async def paging(skip: int = 0, limit: int = 100):
    return {"skip": skip, "limit": limit}


def token(x_token: str = Header()):
    if x_token != "secret":
        raise HTTPException(status_code=401)
    return x_token


@router.get("/")
async def items(page: Annotated[dict, Depends(paging)], q: str | None = Query(default=None, max_length=50)):
    found = {"skip": page["skip"]}
    if q:
        found.update({"q": q})
    return {"items": [{"id": 1}, {"id": "two"}], **found}


@router.get("/{item_id}", response_model=Item)
async def item(item_id: str, by=Depends(token)):
    try:
        return stock[item_id]
    except KeyError:
        raise HTTPException(status_code=404, detail="No such item")


@router.put("/{item_id}")
async def put(item_id: str, item: Item, later: BackgroundTasks):
    stock[item_id] = item.model_dump()
    later.add_task(print, "stored")
    return item


@router.post("/files")
async def files(upload: UploadFile = File(), note: str = Form("")):
    return {"size": len(await upload.read()), "note": note}
""",
    "shop/pages.py": """
import functools

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for

bp = Blueprint("pages", __name__, url_prefix="/pages")


def login_required(view):
    @functools.wraps(view)
    def wrapped_view(**kwargs):
        if g.user is None:
            return redirect(url_for("pages.login"))
        return view(**kwargs)

    return wrapped_view


@bp.before_app_request
def load_user():
    g.user = session.get("user")


@bp.route("/login", methods=("GET", "POST"))
def login():
    if request.method == "POST":
        error = None
        if not request.form["name"]:
            error = "A name is required."
        if error is None:
            session.clear()
            session["user"] = request.form["name"]
            return redirect(url_for("pages.index"))
        flash(error)
    return render_template("login.html")


@bp.route("/")
@login_required
def index():
    return render_template("index.html", user=g.user)
""",
    "shop/images.py": """
import json
import uuid

import falcon
import falcon.asgi


class RequireJSON:
    def process_request(self, req, resp):
        if not req.client_accepts_json:
            raise falcon.HTTPNotAcceptable(description="JSON only")


class Images:
    def __init__(self, store=None):
        self._store = store or {}

    def on_get(self, req, resp):
        resp.media = {"images": sorted(self._store)}

    def on_post(self, req, resp):
        name = str(uuid.uuid4())
        try:
            self._store[name] = json.load(req.bounded_stream)
        except ValueError:
            raise falcon.HTTPError(falcon.HTTP_753, title="Malformed JSON")
        resp.status = falcon.HTTP_201
        resp.location = "/images/" + name


class AsyncImages:
    async def on_get(self, req, resp):
        resp.text = json.dumps({"images": []})


app = falcon.App(middleware=[RequireJSON()])
app.add_route("/images", Images())
other = falcon.asgi.App()
other.add_route("/images", AsyncImages())
""",
    "shop/todo.py": """
from bottle import Bottle, redirect, request, response, static_file, template

app = Bottle()


@app.route("/todo")
@app.route("/todo/<no:int>", method=["GET", "POST"])
def todo(no=None):
    if request.forms.get("save"):
        redirect("/todo")
    response.set_cookie("seen", "yes")
    return template("<b>{{no}}</b>", no=no)


@app.get("/static/<path:path>")
def files(path):
    return static_file(path, root="static")


@app.error(404)
def missing(error):
    return "Nothing here"
""",
    "shop/articles.py": """
from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.db import models
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views import generic


class Author(models.Model):
    name = models.CharField(max_length=200)


class Article(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="articles")
    title = models.CharField(max_length=200)
    tags = models.JSONField(default=list)

    class Meta:
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["title"], name="one")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("article", args=[self.pk])


class ArticleForm(forms.ModelForm):
    class Meta:
        model = Article
        fields = ["title"]

    def clean_title(self):
        title = self.cleaned_data["title"]
        if not title:
            raise forms.ValidationError("A title is required.")
        return title


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ("title", "shout")

    @admin.display(description="Shouted")
    def shout(self, obj):
        return obj.title.upper()


class Index(generic.ListView):
    model = Article

    def get_queryset(self):
        return super().get_queryset().filter(title__startswith="A")


@login_required
def edit(request, pk):
    article = get_object_or_404(Article, pk=pk)
    form = ArticleForm(request.POST or None, instance=article)
    if form.is_valid():
        form.save()
        return redirect("index")
    return render(request, "edit.html", {"form": form})


async def count(request):
    if request.headers.get("accept") == "text/plain":
        return HttpResponse(str(await Article.objects.acount()))
    return JsonResponse({"titles": [article.title async for article in Article.objects.all()]})


urlpatterns = [path("", Index.as_view(), name="index"), path("<int:pk>/", edit), path("count", count)]
""",
    "shop/migrations/0001_initial.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(name='Author', fields=[('name', models.CharField(max_length=200))]),
    ]
""",
    "tests/test_items.py": """
import pytest


@pytest.fixture
def item(client):
    return {"name": "Pen"}


def test_put(client, item):
    response = client.put("/items/1", json=item, headers={"x-token": "secret"})
    assert response.status_code == 200


class TestFiles:
    @pytest.mark.parametrize("size", [0, 1])
    def test_size(self, client, size):
        assert client.post("/items/files", files={"upload": b"x" * size}).json()["size"] == size
""",
}

FRAMEWORK_OF = {
    "shop/items.py": "fastapi",
    "shop/pages.py": "flask",
    "shop/images.py": "falcon",
    "shop/todo.py": "bottle",
    "shop/articles.py": "django",
    "shop/migrations/0001_initial.py": "django",
}

# Each line with a mistake says by which rule it is to be found.
MISTAKES = """
import asyncio
import os  # F401
import time


async def fetch() -> int:
    return 1


async def handler(numbers=[]):  # B006
    time.sleep(1)  # ASYNC251
    asyncio.create_task(fetch())  # RUF006
    for number in numbers:
        asyncio.get_running_loop().call_soon(lambda: print(number))  # B023
    print(f"{total}")  # F821 name-defined
    return 1 is 1  # F632


async def untyped(name):
    fetch()  # unused-coroutine
    length: str = len("name")  # assignment
    return length + fetch()  # operator


def compare(text: str) -> bool:
    return text == 1  # comparison-overlap
"""


@pytest.fixture(scope="module")
def project(bake: Bake) -> BakedProject:
    """A project with all of this in it."""
    project = bake(framework=one_with(docs=True))
    usual = {name: code for name, code in USUAL.items() if FRAMEWORK_OF.get(name, "") in ("", *FRAMEWORKS)}
    for name, code in {**usual, "shop/mistakes.py": MISTAKES}.items():
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        (project.path / name).write_text(code.lstrip("\n"), encoding="utf-8")
    return project


def expected(*, by_mypy: bool) -> list[str]:
    """Return where the mistakes are, and the rules of one of the checkers."""
    lines = enumerate(MISTAKES.lstrip("\n").splitlines(), 1)
    rules = [(number, rule) for number, line in lines for rule in line.partition("  # ")[2].split()]
    return [f"{number} {rule}" for number, rule in rules if rule.islower() == by_mypy]


def test_ruff_finds_mistakes_and_lets_pass_what_is_usual(project: BakedProject) -> None:
    result = project.python("-m", "ruff", "check", "--no-cache", "--output-format", "concise", ".")
    found = [line.split(":", 3) for line in result.stdout.splitlines() if ": " in line]
    assert {name for name, *_ in found} == {"shop/mistakes.py"}, result.stdout
    assert [f"{number} {message.split()[0]}" for _, number, _, message in found] == expected(by_mypy=False)


def test_mypy_finds_mistakes_and_lets_pass_what_is_usual(project: BakedProject, mypy: Mypy) -> None:
    result = mypy(project)
    found = [line.split(":", 2) for line in result.stdout.splitlines() if " error: " in line]
    assert {name for name, *_ in found} == {"shop/mistakes.py"}, result.stdout
    assert [f"{number} {message.split('[')[-1].rstrip(']')}" for _, number, message in found] == expected(by_mypy=True)
