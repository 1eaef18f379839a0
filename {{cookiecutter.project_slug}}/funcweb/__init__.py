"""Joins the web app to Azure Functions.

These modules belong to the template, func-web. Leave them as they are: the next update replaces them.
"""

__version__ = "{{ cookiecutter._version }}"
