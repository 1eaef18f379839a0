"""What these tests share with those of the local host."""

from tests.host.conftest import runtime, storage, write

__all__ = ["runtime", "storage", "write"]
