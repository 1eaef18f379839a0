"""What makes the tables: `python manage.py makemigrations` writes it, and `python manage.py migrate` follows it."""
