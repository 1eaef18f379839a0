"""Which URL goes to which view, for the whole site."""

from django.contrib import admin
from django.urls import include, path

# jinja: if cookiecutter.__streams and cookiecutter.jobs == "queue"
from . import events, work

# jinja: elif cookiecutter.__streams
from . import events

# jinja: elif cookiecutter.jobs == "queue"
from . import work

# jinja: endif
urlpatterns = [
    path("manage/", admin.site.urls),  # Without a route prefix, /admin belongs to the Functions host.
    # jinja: if cookiecutter.__streams
    path("stream", events.stream),
    # jinja: endif
    # jinja: if cookiecutter.jobs == "queue"
    path("jobs", work.greet_later),
    # jinja: endif
    path("", include("djangosite.hello.urls")),
]
