"""Commands for people at a clone of this repository; none of it is installed in a cloud."""

import sys
from pathlib import Path

FUNCTIONS = str(Path(__file__).parents[1] / "functions")
if FUNCTIONS not in sys.path:
    # The functions are a flat source tree, in the cloud as here.
    sys.path.insert(0, FUNCTIONS)
