"""A small local Azure Functions host around Microsoft's own Python runtime packages.

``python -m functions_host PATH`` serves the function app in PATH over HTTP on 127.0.0.1. The
app is indexed, loaded and called by azure-functions-runtime (programming model v2) or
azure-functions-runtime-v1, the libraries that the worker in Azure is made of. What the host around
them does to a request and a response is rebuilt here, as far as a web app can tell.

Modules, each with one reason to change:

* `messages`: what host and worker send each other
* `project`: the files of a function app
* `routes`: which function answers a path
* `convert`: HTTP to and from messages, cookies among them
* `worker`: the runtime packages; nothing else touches them
* `proxy`: HTTP streaming
* `app`: the host's answer to a request
* `logs`: the root log handler
* `errors`: what is told to a person in one sentence
* `client`: for tests, a host in a subprocess

Left out: firing triggers other than HTTP, input and output bindings other than HTTP, CORS, App
Service authentication, hot reload, host keys in storage, /admin but for /admin/host/status,
extension bundles, retries, function time limits, HTTP throttling (maxConcurrentRequests), HSTS of
host.json, several worker processes, Durable Functions, debugging.
Each module's docstring says what it cannot know.
"""
