"""The Django site: its settings and URLs, and its apps, each in a package of its own."""
