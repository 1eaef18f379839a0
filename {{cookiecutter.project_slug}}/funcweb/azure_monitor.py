"""Traces, logs and metrics to Application Insights, from the app's own server.

For the other programming models the worker does this, with the same app settings. It has to happen before the app and
its framework are imported.
"""

import os

from azure.monitor.opentelemetry import configure_azure_monitor

if os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
    # As the worker has it: the resource is the function app.
    os.environ.setdefault("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "azure_functions")
    configure_azure_monitor()
