"""What only Starlette needs."""
