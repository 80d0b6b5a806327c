"""What ends a command before it has done anything: exit status 2, no traceback."""


class Wrong(Exception):
    """Wrong usage, a file that cannot be read, a busy port. For the person at the keyboard."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def text(self) -> str:
        """Return `error:` and `hint:` lines."""
        return f"error: {self.what}\n" + (f" hint: {self.hint}\n" if self.hint else "")
