"""Apps that nobody here wrote, each baked as `framework=custom` and driven on the local Functions host by a client.

Their packages are the group `real-apps` of pyproject.toml. `pytest` alone leaves them out; CONTRIBUTING.md says how to
run them.
"""
