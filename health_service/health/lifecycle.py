"""Where an instance stands in its life. Only the middle part wants traffic."""

import enum


class Phase(enum.StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "shutting down"


class Lifecycle:
    """Goes one way only: a signal during the start is not undone by the end of the start."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING

    def serve(self) -> None:
        """The start is over."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.SERVING

    def stop(self) -> None:
        """The end has begun. Safe to repeat, also from a signal handler."""
        self.phase = Phase.STOPPING
