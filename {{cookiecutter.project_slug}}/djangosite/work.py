"""Work that is done after the response."""

import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jobs import send


@csrf_exempt  # Its callers are programs, which have no token.
@require_POST
def greet_later(request: HttpRequest) -> JsonResponse:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    try:
        posted = json.loads(request.body)
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return JsonResponse({"error": 'Post JSON such as {"name": "Ada"}.'}, status=400)
    return JsonResponse({"id": send({"name": name}, request.headers.get("traceparent"))}, status=202)
