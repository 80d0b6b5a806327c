"""How soon the rollback function answers when no instance of it runs, beside one that does nothing.

Measured is what code can change: from the start of the process to its first answer, on this
machine. Not: what the platform does before (fetching the image, starting the sandbox).
"""

import sys
from pathlib import Path

FUNCTIONS = str(Path(__file__).parents[2] / "functions")
if FUNCTIONS not in sys.path:
    # The functions are a flat source tree, in the cloud as here.
    sys.path.insert(0, FUNCTIONS)
