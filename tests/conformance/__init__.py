"""The frameworks' own test suites, run through the middleware.

`python -m tests.conformance bottle` takes Bottle's source distribution, runs its test suite as it
is, runs it again with every request of its test client sent through `func.HttpRequest`, the
middleware and `func.HttpResponse`, and compares the two case by case. A case that passes directly
and fails through the middleware has to be explained.

sdist.py        fetches a framework's source distribution and unpacks it
bridge.py       turns a WSGI or ASGI call into a call of the middleware and back
frameworks/     one module a framework: which suite, and how to patch the framework's test client
plugin.py       the pytest plugin that runs inside the suite's own process
suite.py        runs a suite and compares two runs
explained/      one file a framework: the cases that may fail, and why
"""
