#!/usr/bin/env python
"""Django's command-line utility, with the settings of local.settings.json. Variables that are set already win."""

import os
import sys

from django.core.management import execute_from_command_line

from funcweb.local import SETTINGS, read_settings


def main() -> None:
    """Run administrative tasks."""
    try:
        settings = read_settings(SETTINGS)
    except ValueError as error:
        sys.exit(f"ERROR: {error}")
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djangosite.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
