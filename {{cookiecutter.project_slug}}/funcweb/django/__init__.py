"""What only Django needs."""
