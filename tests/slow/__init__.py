"""Tests that take long: .ci/checks runs them, and the README's test command does not."""
