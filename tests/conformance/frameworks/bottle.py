"""Bottle's suite: unit tests whose base class calls the WSGI app with an environ of its own."""

import sys
from typing import Any

from ..bridge import Bridge
from . import Suite

SUITE = Suite(
    distribution="bottle",
    version="0.13.4",
    sha256="787e78327e12b227938de02248333d788cfe45987edca735f8f88e03472c3f47",
    config="setup.cfg",
    passing=370,
    arguments=("test",),
    needs=("jinja2", "mako"),
)


def patch(bridge: Bridge) -> None:
    """Put the bridge before the app that each test case sets up.

    That app is wrapped in wsgiref.validate, so the middleware's own calls are validated too.
    """
    base = sys.modules["test.tools"].ServerTestBase
    set_up = base.setUp

    def set_up_bridged(self: Any) -> None:
        set_up(self)
        self.wsgiapp = bridge.wsgi(self.wsgiapp)

    base.setUp = set_up_bridged
