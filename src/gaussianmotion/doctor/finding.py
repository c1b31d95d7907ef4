"""One line of what the doctor says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        fine: Whether the experiment can run with it.
        detail: What was found, or what to do.
    """

    what: str
    fine: bool
    detail: str

    def line(self) -> str:
        """The finding on one line."""
        return f"{'ok     ' if self.fine else 'missing'}  {self.what}: {self.detail}"
