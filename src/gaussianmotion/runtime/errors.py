"""The one error that a user may see.

Whatever a user can cause (a typo, a missing or damaged file, a full disk) is raised as
:class:`UserError` with one line that says what, where and what to do instead; the command line
prints it and exits with status 2. Any other exception that reaches the user is a bug.
"""


def first_sentence(error: Exception, letters: int = 200) -> str:
    """What a library says is wrong, short enough for a message; else the error's name."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0].strip().split(". ")[0] if lines else type(error).__name__)[:letters]


class UserError(Exception):
    """A mistake that the user can correct; its message is one line and is shown as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
