"""What only Quart needs."""
