"""Work beside the web app: what no request waits for."""

import logging

import azure.functions as func

# jinja: if cookiecutter.jobs == "queue"
# jinja: if cookiecutter.observability == "opentelemetry"
from funcweb.job_traces import in_trace_of_message
# jinja: endif
from funcweb.queues import send_message, trace_id

QUEUE = "jobs"
# jinja: endif
# jinja: if cookiecutter.programming_model == "v2"
bp = func.Blueprint()
# jinja: endif
logger = logging.getLogger(__name__)


# jinja: if cookiecutter.jobs == "timer"
# jinja: if cookiecutter.programming_model == "v2"
@bp.function_name("TimerTrigger")
@bp.timer_trigger(arg_name="timer", schedule="%JOBS_SCHEDULE%")
# jinja: endif
def on_schedule(timer: func.TimerRequest) -> None:
    """Do what is due. The app setting JOBS_SCHEDULE says when."""
    logger.info("It is time again%s.", ", and late" if timer.past_due else "")
# jinja: else
def send(job: dict[str, object], traceparent: str | None = None) -> str:
    """Send a job to the queue and return its id. It may have 48 KB as JSON.

    `traceparent` is the header of that name of the request, in whose trace the job goes on. This waits for the storage,
    some milliseconds; async code awaits it on a thread: `await asyncio.to_thread(send, job, traceparent)`.
    """
    return send_message(QUEUE, {**job, "traceparent": traceparent})


# jinja: if cookiecutter.programming_model == "v2"
@bp.function_name("QueueTrigger")
@bp.queue_trigger(arg_name="message", queue_name=QUEUE, connection="AzureWebJobsStorage")
# jinja: endif
# jinja: if cookiecutter.observability == "opentelemetry"
@in_trace_of_message
# jinja: endif
def on_message(message: func.QueueMessage) -> None:
    """Do one job. If this raises, the job is done again later, so let no harm come of doing it twice."""
    job = message.get_json()
    logger.info("Hello, %s! This is job %s of trace %s.", job["name"], message.id, trace_id(message))
# jinja: endif
