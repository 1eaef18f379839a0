"""Measurements, side by side with azure-functions' own middleware; none of them is a test."""
