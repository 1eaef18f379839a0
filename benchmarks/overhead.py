"""What a middleware adds to a call of the bare app, in microseconds a request: stock, nest_asyncio, plain and ours.

    python -m benchmarks.overhead [--rounds 60] [--write]

Every contender is timed for a few milliseconds in turn, round after round, so that all meet the same machine. A figure
is the smallest time of its rounds, less that of the bare app. The nest_asyncio path runs in a process of its own, since
it patches asyncio for good. "Plain" is benchmarks/plain.py, the least that an adapter needs. In Azure a request has a
trace context and comes through one proxy that is trusted, and most cookies come back as the host has escaped them.
--write renews the table in docs/figures.md.
"""

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import azure.functions as func

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "{{cookiecutter.project_slug}}"))
sys.dont_write_bytecode = True  # Cookiecutter would copy it into every project.

from benchmarks.plain import PlainAsgi, PlainWsgi  # noqa: E402
from benchmarks.readme import FIGURES, renew  # noqa: E402
from funcweb.asgi import AsgiMiddleware  # noqa: E402
from funcweb.wsgi import WsgiMiddleware  # noqa: E402
from tests.invoke import Invocation  # noqa: E402

# azure-functions does not annotate their constructors.
StockWsgi: Callable[[Any], func.WsgiMiddleware] = func.WsgiMiddleware
StockAsgi: Callable[[Any], func.AsgiMiddleware] = func.AsgiMiddleware

CALLS = 60  # so few that a round falls into a slice of time that a busy machine leaves whole


class TracedInvocation(Invocation):
    """The context of an invocation, as the worker makes it where the host traces requests, as it does in Azure."""

    trace_context = SimpleNamespace(  # type: ignore[assignment]
        trace_parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", trace_state="", attributes={}
    )


class Kind(NamedTuple):
    """A request, how many proxies it came through that are trusted, and its invocation."""

    headers: dict[str, str]
    proxies: int
    context: Invocation


CURL = {"host": "example.azurewebsites.net", "user-agent": "curl/8.14", "accept": "*/*"}
BROWSER = {
    "host": "example.azurewebsites.net",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "accept": "application/json",
    "accept-language": "en-GB,en;q=0.5",
    "accept-encoding": "gzip, deflate, br, zstd",
    "referer": "https://example.azurewebsites.net/",
    "cookie": "session=eyJ1c2VyIjoxfQ.aaaaaa.bbbbbb",
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-origin",
}
# What Azure's front end adds to each request.
AZURE = {
    "client-ip": "203.0.113.9:50123",
    "disguised-host": "example.azurewebsites.net",
    "max-forwards": "10",
    "was-default-hostname": "example.azurewebsites.net",
    "x-appservice-proto": "https",
    "x-arr-log-id": "00000000-0000-0000-0000-000000000000",
    "x-arr-ssl": "2048|256|CN=Issuing CA|CN=*.azurewebsites.net",
    "x-forwarded-for": "203.0.113.9:50123",
    "x-forwarded-proto": "https",
    "x-forwarded-tlsversion": "1.3",
    "x-original-url": "/api/hello/Ada?x=1",
    "x-site-deployment-id": "example",
    "x-waws-unencoded-url": "/api/hello/Ada?x=1",
}
ESCAPED = {"cookie": "session=eyJ1c2VyIjoxfQ%3D%3D.aaaaaa.bbbbbb"}
REQUESTS = {
    "curl, locally": Kind(CURL, 0, Invocation()),
    "curl, with a proxy and a trace": Kind(CURL, 1, TracedInvocation()),
    "a browser, in Azure": Kind({**BROWSER, **AZURE}, 1, TracedInvocation()),
    "the same, its cookie escaped": Kind({**BROWSER, **AZURE, **ESCAPED}, 1, TracedInvocation()),
}


def make_request(headers: dict[str, str]) -> func.HttpRequest:
    """Return a request with these headers."""
    return func.HttpRequest("GET", "https://example.azurewebsites.net/api/hello/Ada?x=1", headers=headers, body=b"")


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with two headers and two bytes."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with two headers and two bytes, without support for lifespan."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


async def ignore(message: Any) -> None:
    """Take a message and do nothing with it."""


async def fastest(rounds: int, contenders: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the microseconds that a call of each contender takes; what a call returns is awaited where it can be."""
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, call in contenders.items():
            awaitable = isinstance(first := call(), Awaitable)
            if awaitable:
                await first
            start = time.perf_counter()
            if awaitable:
                for _ in range(CALLS):
                    await call()
            else:
                for _ in range(CALLS):
                    call()
            best[name] = min(best[name], (time.perf_counter() - start) / CALLS * 1e6)
    return best


def overheads(rounds: int, kind: Kind) -> dict[str, float]:
    """Return the overhead of each middleware but the nest_asyncio path."""
    req, context = make_request(kind.headers), kind.context
    stock_wsgi, plain_wsgi, our_wsgi = StockWsgi(wsgi_app), PlainWsgi(wsgi_app), WsgiMiddleware(wsgi_app, "api")
    stock_asgi, plain_asgi, our_asgi = StockAsgi(asgi_app), PlainAsgi(asgi_app), AsgiMiddleware(asgi_app, "api")
    our_wsgi.proxies = our_asgi.proxies = kind.proxies
    http: dict[str, Any] = {"type": "http"}
    times = asyncio.run(
        fastest(
            rounds,
            {
                "app WSGI": lambda: wsgi_app({}, lambda status, headers: None),
                "stock WSGI": lambda: stock_wsgi.handle(req, context),
                "plain WSGI": lambda: plain_wsgi.handle(req, context),
                "ours WSGI": lambda: our_wsgi.handle(req, context),
                "app ASGI": lambda: asgi_app(http, None, ignore),
                "stock ASGI": lambda: stock_asgi.handle_async(req, context),
                "plain ASGI": lambda: plain_asgi.handle_async(req, context),
                "ours ASGI": lambda: our_asgi.handle_async(req, context),
            },
        )
    )
    return {name: time - times[f"app {name[-4:]}"] for name, time in times.items() if not name.startswith("app")}


def nest_asyncio_overheads(rounds: int, kind: Kind) -> dict[str, float]:
    """Return the overhead of the original way: stock handle() in an async function, under nest_asyncio."""
    import nest_asyncio

    nest_asyncio.apply()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore", DeprecationWarning)
    req, stock, http = make_request(kind.headers), StockAsgi(asgi_app), {"type": "http"}

    async def main() -> func.HttpResponse:
        response: func.HttpResponse = stock.handle(req, kind.context)
        return response

    times = asyncio.run(fastest(rounds, {"app": lambda: asgi_app(http, None, ignore), "nest": main}))
    return {"nest_asyncio": times["nest"] - times["app"]}


def in_a_process(rounds: int, kind: str) -> dict[str, float]:
    """Measure the nest_asyncio path for one kind of request in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.overhead", "--rounds", str(rounds), "--nest-asyncio", kind]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    measured: dict[str, float] = json.loads(output)
    return measured


def table(results: dict[str, dict[str, float]]) -> str:
    """Return the results in Markdown."""
    lines = [
        "| request | interface | stock | nest_asyncio | plain | ours | plain / stock | ours / stock |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, times in results.items():
        headers = len(REQUESTS[kind].headers)
        for interface in ("WSGI", "ASGI"):
            stock, plain, ours = (times[f"{name} {interface}"] for name in ("stock", "plain", "ours"))
            nest = f"{times['nest_asyncio']:.1f}" if interface == "ASGI" else "-"
            lines.append(
                f"| {kind} ({headers} headers) | {interface} | {stock:.1f} | {nest} | {plain:.1f} | {ours:.1f} "
                f"| {plain / stock:.2f} | {ours / stock:.2f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and write it where asked."""
    parser = argparse.ArgumentParser(description="Measure what a middleware adds to a call of the bare app.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    parser.add_argument("--nest-asyncio", choices=REQUESTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.nest_asyncio:
        print(json.dumps(nest_asyncio_overheads(options.rounds, REQUESTS[options.nest_asyncio])))
        return
    results = {
        kind: {**overheads(options.rounds, request), **in_a_process(options.rounds, kind)}
        for kind, request in REQUESTS.items()
    }
    print(table(results))
    if options.write:
        renew(FIGURES, "overhead", table(results))


if __name__ == "__main__":
    main()
