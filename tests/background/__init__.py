"""Work beside the web app, in every framework and mode: what takes too long for each run of the tests.

`.ci/checks` runs it, with Azurite.
"""
