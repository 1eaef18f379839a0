"""What these tests share with those of the local host."""

from tests.host.conftest import azurite, runtime, storage, write

__all__ = ["azurite", "runtime", "storage", "write"]
