"""What only Bottle needs."""
