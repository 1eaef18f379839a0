"""Which URL goes to which view of the app."""

from django.urls import path

from . import views

app_name = "hello"
urlpatterns = [
    path("", views.index, name="index"),
    path("health", views.health, name="health"),
    path("hello", views.greet_posted, name="greet_posted"),
    path("hello/<str:name>", views.greet, name="greet"),
    path("greetings", views.greetings, name="greetings"),
]
