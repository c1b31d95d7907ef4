"""Lines of progress of long work: who gets them.

Decided here for the whole room: a function that takes minutes has an argument ``report``, which
receives one line of text now and then. A command hands over what writes on its terminal; whoever
calls the function from Python and hands over nothing finds the lines in the log of this room, at
level INFO, which Python shows only where it is asked to. Warnings go to the log of their module.
"""

import logging
from collections.abc import Callable

#: Receives a line of progress.
Report = Callable[[str], None]

_LOG = logging.getLogger("gaussianmotion.synthesis")


def log_line(text: str) -> None:
    """Log a line of progress at level INFO."""
    _LOG.info("%s", text)
