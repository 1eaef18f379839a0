"""What only Litestar needs."""
