"""Tests of functions_host, the local Functions host."""
