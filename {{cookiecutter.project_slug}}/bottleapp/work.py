"""Work that is done after the response."""

import json

from bottle import Bottle, request, response

from jobs import send

app = Bottle()


@app.post("/jobs")
def greet_later() -> dict[str, str]:
    """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
    try:
        posted = json.load(request.body)
    except ValueError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        response.status = 400
        return {"error": 'Post JSON such as {"name": "Ada"}.'}
    response.status = 202
    return {"id": send({"name": name}, request.get_header("traceparent"))}
