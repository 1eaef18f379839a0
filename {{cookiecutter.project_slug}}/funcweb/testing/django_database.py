"""A database for the tests, as Django's own test runner makes it: by all migrations, and in memory if it is SQLite."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import utils


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    """Make the database, and remove it after the last test."""
    utils.setup_test_environment()
    databases = utils.setup_databases(verbosity=0, interactive=False)
    yield
    utils.teardown_databases(databases, verbosity=0)
    utils.teardown_test_environment()


@pytest.fixture(autouse=True)
def rolled_back(database: None) -> Iterator[None]:
    """Take back what a test has written."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
