"""A release: its tag, the version in cookiecutter.json and CHANGELOG.md must agree.

    uv run python -m tests.release v1.2.3

prints what CHANGELOG.md says of the version, which becomes the text of the release on GitHub.
"""

import argparse
import re

from tests.variants import CONTEXT, TEMPLATE

CHANGELOG = TEMPLATE / "CHANGELOG.md"


class ReleaseError(Exception):
    """Tag, version and changelog do not agree."""


def notes(tag: str, version: str, changelog: str) -> str:
    """Return what a changelog says of the version that is tagged, without its heading.

    Raises:
        ReleaseError: the tag is not that of the version, the changelog has nothing of it, or has changes that are not
            yet part of any release.
    """
    if tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag!r}, but _version in cookiecutter.json is {version!r}: tag v{version}.")
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    texts = {title: text.strip() for title, _, text in (section.partition("\n") for section in sections)}
    if texts.get("Unreleased"):
        raise ReleaseError("CHANGELOG.md has changes under 'Unreleased': move them below the heading of the version.")
    for title, text in texts.items():
        if re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", title) and text:
            return text
    raise ReleaseError(
        f"CHANGELOG.md says nothing of {version}: add '## {version} - YYYY-MM-DD' with what has changed."
    )


def main() -> None:
    """Print the notes of the release that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.release", description="Print what a release changes.")
    parser.add_argument("tag", help="such as v1.2.3")
    try:
        print(notes(parser.parse_args().tag, CONTEXT["_version"], CHANGELOG.read_text(encoding="utf-8")))
    except ReleaseError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
