"""How soon and how rightly rules roll back: Barq's, its rivals', and two that know the truth."""

import sys
from pathlib import Path

FUNCTIONS = str(Path(__file__).parents[2] / "functions")
if FUNCTIONS not in sys.path:
    # The functions are a flat source tree, in the cloud as here.
    sys.path.insert(0, FUNCTIONS)
