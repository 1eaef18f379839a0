"""What only Falcon needs."""
