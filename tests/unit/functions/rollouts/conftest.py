"""Hypothesis for this folder: no deadline, because the machine that runs it is shared."""

from hypothesis import settings

settings.register_profile("rollouts", deadline=None, max_examples=60)
settings.load_profile("rollouts")
