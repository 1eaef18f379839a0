"""Views."""

import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from .models import Greeting


@require_safe
def index(request: HttpRequest) -> JsonResponse:
    """Say what this is."""
    return JsonResponse({"message": "Django on Azure Functions"})


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell that the app is up."""
    return JsonResponse({"status": "ok"})


@require_safe
def greet(request: HttpRequest, name: str) -> JsonResponse:
    """Greet the name in the path."""
    return JsonResponse({"message": f"Hello, {name}!"})


@csrf_exempt  # It changes nothing, and its callers are programs, which have no token.
@require_POST
def greet_posted(request: HttpRequest) -> JsonResponse:
    """Greet the name in the JSON body, {"name": "..."}."""
    try:
        posted = json.loads(request.body)
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return JsonResponse({"error": 'Post JSON such as {"name": "Ada"}.'}, status=400)
    return JsonResponse({"message": f"Hello, {name}!"})


@require_safe
def greetings(request: HttpRequest) -> JsonResponse:
    """Tell the greetings in the database, which the admin edits."""
    return JsonResponse({"greetings": [str(greeting) for greeting in Greeting.objects.all()]})
