"""What only FastAPI needs."""
