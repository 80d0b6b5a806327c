"""The system's clock. An edge: nothing else in the functions looks at it."""

import datetime as dt


class SystemClock:
    """The present instant in UTC."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)
