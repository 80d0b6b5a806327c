"""The core: values and pure functions. No I/O, clock, environment, logging or Google import.

Read first: `deciding.py`, from a verdict to the one next action; `judging.py`, from counts to a
verdict; `assembling.py`, from two signals to counts. Each names what it leaves to others.
ARCHITECTURE.md says where to begin with a change, and what others rely on: fields of records and
events are only added, and the judge's numbers stand in docs/reference/evidence.md.
"""
