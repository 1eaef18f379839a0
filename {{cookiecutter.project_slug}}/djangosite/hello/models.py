"""What is in the database."""

from django.db import models


class Greeting(models.Model):
    """Somebody to be greeted."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        """Greetings come by name."""

        ordering = ("name",)

    def __str__(self) -> str:
        """Greet."""
        return f"Hello, {self.name}!"
