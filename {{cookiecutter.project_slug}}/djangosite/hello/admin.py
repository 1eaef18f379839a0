"""What can be edited in the admin."""

from django.contrib import admin

from .models import Greeting

admin.site.register(Greeting)
