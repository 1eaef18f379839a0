"""The warning in a project's own tests of routes that the Functions host keeps for itself."""

import pytest

from tests.conftest import Bake
from tests.variants import FRAMEWORKS

# Appended to the app: routes below /admin and /runtime, and two that are not. FastAPI lists those of a router and of
# what is mounted, as admin tools are, in other places than its own.
ROUTES = {
    "fastapi": """
from fastapi import APIRouter

users = APIRouter(prefix="/admin")
users.add_api_route("/users", health)
app.include_router(users)
app.mount("/Runtime", FastAPI())
app.add_api_route("/administration", health)
app.add_api_route("/x/admin", health)
""",
    "litestar": """
for path in ("/admin/users", "/Runtime", "/administration", "/x/admin"):
    app.register(get(path)(index.fn))
""",
    "quart": """
for rule in ("/admin/users", "/Runtime/", "/administration", "/x/admin"):
    app.add_url_rule(rule, view_func=health)
""",
    "flask": """
for rule in ("/admin/users", "/Runtime/", "/administration", "/x/admin"):
    app.add_url_rule(rule, view_func=health)
""",
    "falcon": """
for rule in ("/admin/users", "/Runtime", "/administration", "/x/admin"):
    app.add_route(rule, Health())
""",
    "starlette": """
app.mount("/admin/users", Starlette())
app.add_route("/Runtime", health)
app.add_route("/administration", health)
app.add_route("/x/admin", health)
""",
    "bottle": """
for rule in ("/admin/users", "/Runtime", "/administration", "/x/admin"):
    app.route(rule, callback=health)
""",
    "django": """
from .hello import views

urlpatterns += [path("admin/", include([path("users", views.health)])), path("Runtime", views.health)]
urlpatterns += [path("administration", views.health), path("x/admin", views.health)]
""",
}


def output_of_the_test(bake: Bake, framework: str, **answers: str) -> str:
    """Return what the test prints in a project with these routes."""
    project = bake(framework=framework, **answers)
    package = project.path / FRAMEWORKS[framework]["package"]
    app = package / ("urls.py" if framework == "django" else "__init__.py")
    app.write_text(app.read_text(encoding="utf-8") + ROUTES[framework], encoding="utf-8")
    return project.passes("pytest", "-q", "-p", "no:cacheprovider", "tests/test_host_paths.py")


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name in ROUTES])
def test_routes_that_would_be_lost_are_named(bake: Bake, framework: str) -> None:
    output = output_of_the_test(bake, framework)
    assert "1 passed, 1 warning" in output
    assert "/Runtime" in output and "/admin/users" in output and "routePrefix in host.json" in output
    assert "/administration" not in output and "/x/admin" not in output


def test_a_route_prefix_keeps_them(bake: Bake) -> None:
    framework = next(name for name in FRAMEWORKS if name in ROUTES)
    assert "warning" not in output_of_the_test(bake, framework, route_prefix="api")
