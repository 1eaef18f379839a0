"""Tests of tests/functions_host, the local Functions host."""
