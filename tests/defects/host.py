"""What is wrong with programs that cannot be run here, such as the .NET host: read in their sources, and not asserted.

The local Functions host imitates the host in this, so a test on it would only tell of the imitation.
"""

from .defect import CLAIMS, Claim

HOST = "The Functions host"
REPOSITORY = "Azure/azure-functions-host"
WORKER = "Azure/azure-functions-python-worker"

CLAIMS += [
    Claim(
        HOST,
        "the value of a cookie, on its way back",
        stock="percent-encoded when it is set and not decoded when it comes: `eyJhIjoxfQ==` becomes `eyJhIjoxfQ%3D%3D`",
        here="as the app set it",
        goes=("funcweb/cookies.py::restored_cookies",),
        upstream=(f"{WORKER}#1794",),
        source="`RawScriptResult`, which calls ASP.NET Core's `ResponseCookies.Append`",
    ),
    Claim(
        HOST,
        "a cookie with both Expires and Max-Age",
        stock="has failed the whole response",
        here="Max-Age goes alone; it wins in any case",
        goes=("funcweb/cookies.py::portable_cookie",),
        upstream=(f"{WORKER}#1790",),
        source="the issue",
    ),
    Claim(
        HOST,
        "a Max-Age that .NET cannot express",
        stock="fails the whole response",
        here="68 years at most",
        goes=("funcweb/cookies.py::MAX_SECONDS",),
        upstream=(),
        source="`GrpcMessageExtensionUtilities.RpcHttpCookieConverter` (`TimeSpan.FromSeconds`)",
    ),
    Claim(
        HOST,
        "an upload without a length (chunked)",
        stock="arrives empty in the buffered modes",
        here="arrives with `streaming` and custom handlers",
        goes=("funcweb/streaming.py::StreamingMiddleware",),
        upstream=(f"{REPOSITORY}#4926", f"{WORKER}#574"),
        source="`GrpcMessageConversionExtensions` (`request.ContentLength > 0`)",
    ),
    Claim(
        HOST,
        "what is logged for an invocation that has ended",
        stock="dropped",
        here="a streamed response runs in a task of the invocation, which ends no sooner than the app answers",
        goes=("funcweb/streaming.py::AppResponse",),
        upstream=(),
        source="`GrpcWorkerChannel.Log`",
    ),
    Claim(
        HOST,
        "the Host of a request that it forwards",
        stock="that of the worker's or the app's own server",
        here="the client's, from X-Forwarded-Host",
        goes=("funcweb/forwarded.py::original_headers",),
        upstream=(),
        source="`ScriptInvocationRequestTransformer`",
    ),
    Claim(
        HOST,
        "the standard error of a custom handler",
        stock="a line is an error or a warning by words such as `fail` and `warn` in it",
        here="what is less than a warning goes to standard output",
        goes=("funcweb/custom_handler.py::log_to_host",),
        upstream=(f"{REPOSITORY}#8273",),
        source="`WorkerProcess.ParseErrorMessageAndLog`",
    ),
    Claim(
        HOST,
        "an app's pages below `/admin` and `/runtime`, without a prefix",
        stock="never reached",
        here="a prefix that begins so is refused, and a project's tests warn of such routes",
        goes=("hooks/pre_gen_project.py::HOST_PATHS", "tests/test_host_paths.py"),
        upstream=(f"{REPOSITORY}#1781", f"{REPOSITORY}#5322"),
        source="the issues",
    ),
    Claim(
        "The worker for Python 3.12 and earlier",
        "the record that joins a streamed request to its invocation",
        stock="kept for ever, as in azure-functions-runtime",
        here="dropped with the response",
        goes=("funcweb/worker_server.py::COORDINATORS",),
        upstream=(),
        source="`azure_functions_worker/http_v2.py`",
    ),
    Claim(
        "The worker for Python 3.12 and earlier",
        "streaming, without the app setting `PYTHON_ENABLE_INIT_INDEXING`",
        stock="the function cannot be loaded",
        here="the setting is there",
        goes=("local.settings.example.json::PYTHON_ENABLE_INIT_INDEXING", "infra/main.bicep"),
        upstream=(f"{WORKER}#1539",),
        source="the issue, and Microsoft's documentation of HTTP streams",
    ),
    Claim(
        "The worker",
        "a module or folder of the app's with the name of a module of the standard library, such as `http`",
        stock="that module is imported in its place, as the app's folder comes last on `sys.path`",
        here="refused with a sentence that says so",
        goes=("hooks/pre_gen_project.py::check_app", "hooks/pre_gen_project.py::check_function_name"),
        upstream=(),
        source="azure-functions-runtime, `function_environment_reload_request`",
    ),
    Claim(
        "Core Tools",
        "`func azure functionapp publish`, where there is a requirements.txt",
        stock="builds again in Azure, without the bytecode",
        here="`build.py` leaves requirements.txt out of the package",
        goes=("build.py::MADE_HERE",),
        upstream=("Azure/azure-functions-core-tools#1564",),
        source="the pull request",
    ),
    Claim(
        "azd",
        "`azd deploy`, where there is no .funcignore",
        stock="leaves out every `__pycache__`, so the first request compiles everything",
        here="`build.py` puts a .funcignore into the package that ignores nothing",
        goes=("build.py::NOTHING_IGNORED",),
        upstream=("Azure/azure-dev#4258", "Azure/azure-dev#5383"),
        source="the pull requests",
    ),
]
