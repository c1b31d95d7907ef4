"""Results that are dated in the future: the clock was set back after they were made.

Snakemake compares dates. What a job makes of such a file is older than the file, which it takes for
a fault of the job: it deletes the outputs, of a training as of a picture, and so again with every
run until the clock has caught up.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from gaussianmotion.runtime.errors import UserError

# Seconds that are waited for: the clock of a file server may be ahead of this computer's.
PATIENCE = 60.0


def refuse_future_results(places: Iterable[Path]) -> None:
    """Stop before Snakemake throws new results away; wait where it takes seconds only.

    Args:
        places: Files, and folders with all that lies below.

    Raises:
        UserError: a file is dated too far in the future.
    """
    newest = max(_dates(places), default=(0.0, Path()))
    ahead = newest[0] - time.time()
    if ahead > PATIENCE:
        raise UserError(
            f"{newest[1]} is dated {_words(ahead)} in the future: was the clock set back? "
            "Snakemake would throw away what is made of it now. Set the clock right; if it is "
            f"right, date the results anew: `find {newest[1].parent} -newermt now -exec touch "
            "{} +`, and so in other folders that are named then"
        )
    if ahead > 0.0:
        print(
            f"{newest[1]} is dated {ahead:.0f} s in the future: waiting for the clock",
            file=sys.stderr,
        )
        time.sleep(ahead)


def _dates(places: Iterable[Path]) -> Iterator[tuple[float, Path]]:
    for place in places:
        if place.is_file():
            yield place.stat().st_mtime, place
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                try:
                    yield path.lstat().st_mtime, path
                except FileNotFoundError:  # another run's temporary file
                    continue


def _words(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
