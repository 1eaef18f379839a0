"""A local Azure Functions host for Python apps, built on Microsoft's own runtime packages.

It serves a function app where Azure Functions Core Tools cannot be installed, and in tests::

    uv tool run --from <this repository: its folder, or git+ and its URL> functions-host PATH

serves the app in PATH at http://localhost:7071 until Ctrl-C; ``--help`` lists the options. What the app's
requirements.txt names is installed into an environment of the app's own, see `environment`. The runtime packages, and
so the host, need Python 3.13 or later. An app that is meant for an older Python is served on 3.13.

The app is indexed, loaded and called by azure-functions-runtime (programming model v2) or azure-functions-runtime-v1,
the libraries that Microsoft's Python worker is made of. What the host around the worker does to requests and responses
is rebuilt here, as far as a web app can tell.

Modules, each with one reason to change:

* `environment`: where the app's packages are
* `project`: the files of a function app
* `messages`: what host and worker send each other
* `worker`: the runtime packages, which only this module and those of the two workers touch
* `current_worker`: how the Python worker of today calls functions
* `next_worker`: how the one in Rust will
* `datums`: what that one gives the runtime and gets back
* `routes`: which function answers a path
* `convert`: HTTP to and from messages, cookies included
* `triggers`: what a function gets that no request calls
* `listeners`: what fires those, timers and queues
* `schedule`: when a timer fires
* `storage`: queues in Azure Storage
* `proxy`: forwarding to a server of the app's, for HTTP streaming and custom handlers
* `custom_handler`: apps that bring their own server
* `app`: the host's answer to a request
* `logs`: the handler of the root logger
* `errors`: what a person is told in one sentence
* `client`: serving an app from another program, such as a test

A timer fires and a queue is polled where there is a storage for it, such as the emulator Azurite; a POST to
/admin/functions/NAME calls any function by hand.

Left out: triggers other than HTTP, timers and queues (but by hand), input and output bindings other than HTTP, CORS,
App Service authentication, reloading on changes, host keys in storage, the rest of /admin, extension bundles, retries
other than those of queues, time limits of functions, HTTP throttling (maxConcurrentRequests), HSTS of host.json,
several worker processes, Durable Functions, debugging. Each module's docstring says what it leaves out or cannot know.
"""
