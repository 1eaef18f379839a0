"""What tests of the project use."""
