"""What the four systems from which this template grew keep: the names of their folders and functions.

Function apps that are in Azure today are known by these names. A fork without such apps deletes this file.
"""

from tests.variants import FRAMEWORKS


def test_the_original_four_keep_their_names() -> None:
    names = {framework: (row["package"], row["function_name"]) for framework, row in FRAMEWORKS.items()}
    originals = {
        "fastapi": ("fastapiapp", "FastApiTrigger"),
        "flask": ("flaskapp", "FlaskTrigger"),
        "falcon": ("falconapp", "FalconTrigger"),
        "bottle": ("bottleapp", "BottleTrigger"),
    }
    assert originals.items() <= names.items()
