"""What only Flask needs."""
