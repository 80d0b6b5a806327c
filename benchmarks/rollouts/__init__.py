"""How many whole rollouts of 20 minutes one core plays a second: the simulation's speed.

Each goes through the real workflow file, the real handlers and the local cloud's models, in
virtual time. Not: what the simulation finds (`tests/simulation`).
"""

import sys
from pathlib import Path

FUNCTIONS = str(Path(__file__).parents[2] / "functions")
if FUNCTIONS not in sys.path:
    # The functions are a flat source tree, in the cloud as here.
    sys.path.insert(0, FUNCTIONS)
