"""The defects of other people's packages that the project works around, one list for the tests and for docs/defects.md.

Each is looked for twice, by the same code: in what its package does by itself, called stock, and in what the project
makes of it, called ours. The stock half fails on the day on which the package has put the defect right, and says which
workaround can go.
"""

from . import azure_functions, frameworks, host, others, runtime, streaming  # noqa: F401 - they fill the lists, in this order
from .defect import CLAIMS, DEFECTS, Claim, Defect, Side

__all__ = ["CLAIMS", "DEFECTS", "Claim", "Defect", "Side"]
