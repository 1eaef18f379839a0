import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from djangosite.hello.models import Greeting


@pytest.fixture
def admin(client):
    """The test client, logged in as a superuser."""
    client.force_login(get_user_model().objects.create_superuser("admin"))
    return client


def test_asks_who_you_are(client):
    response = client.get(reverse("admin:index"), follow=True)
    assert response.status_code == 200
    assert response.templates[0].name == "admin/login.html"


def test_saves_a_greeting(admin):
    response = admin.post(reverse("admin:hello_greeting_add"), {"name": "José"}, follow=True)
    assert response.status_code == 200
    assert Greeting.objects.get().name == "José"
    assert admin.get("/greetings").json() == {"greetings": ["Hello, José!"]}


def test_begins_without_greetings(client):
    assert client.get("/greetings").json() == {"greetings": []}
