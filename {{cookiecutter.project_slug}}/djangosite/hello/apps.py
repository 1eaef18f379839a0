"""The configuration of the app."""

from django.apps import AppConfig


class HelloConfig(AppConfig):
    """Names the app, and so its tables."""

    name = "djangosite.hello"
