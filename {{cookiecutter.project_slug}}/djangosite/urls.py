"""Which URL goes to which view, for the whole site."""

from django.contrib import admin
from django.urls import include, path

# jinja: if cookiecutter.__streams
from . import events

# jinja: endif
urlpatterns = [
    path("manage/", admin.site.urls),  # Without a route prefix, /admin belongs to the Functions host.
    # jinja: if cookiecutter.__streams
    path("stream", events.stream),
    # jinja: endif
    path("", include("djangosite.hello.urls")),
]
