"""What any server needs as a custom handler: the port that the Functions host forwards to, and a way to its log."""

import logging
import os
import sys

# The host forwards from the same machine. To anybody else the server is not there.
HOST = "127.0.0.1"
PORT_SETTING = "FUNCTIONS_CUSTOMHANDLER_PORT"
PORT_WITHOUT_HOST = 8000

# Seconds for which the host keeps a connection that it does not use (SocketsHttpHandler.PooledConnectionIdleTimeout).
# A server that closes sooner could do so while a request is on its way.
HOST_KEEPS_CONNECTION = 60

# Seconds that running requests have to end when the server is told to stop.
DRAIN_TIMEOUT = 30


def port() -> int:
    """Return the port on which the Functions host expects the server, or 8000 where it was not started by the host.

    Raises:
        SystemExit: the variable is not a number.
    """
    value = os.environ.get(PORT_SETTING, str(PORT_WITHOUT_HOST))
    if not value.isdecimal():
        raise SystemExit(f"ERROR: {PORT_SETTING} must be a port such as 8000, not {value!r}.")
    return int(value)


def log_to_host() -> None:
    """Print log records of INFO and above so that the Functions host takes them for what they are.

    It logs what comes on standard output as information, and sorts the lines on standard error by words such as "warn"
    and "error" (azure-functions-host, WorkerProcess.ParseErrorMessageAndLog).
    """
    output = logging.StreamHandler(sys.stdout)
    output.addFilter(lambda record: record.levelno < logging.WARNING)
    errors = logging.StreamHandler(sys.stderr)
    errors.setLevel(logging.WARNING)
    form = "%(levelname)s: %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[output, errors])
