"""The names that ``scores.names`` may hold: one file ``scores/ROOM/NAME_score.py`` each.

They are read from the files' names, since the configuration is below the scores and imports none of
them.
"""

from functools import cache
from pathlib import Path

_ROOMS = Path(__file__).parents[1] / "scores"


@cache
def declared_scores() -> dict[str, str]:
    """Room of each declared score by its name, in the order of the names."""
    files = sorted(_ROOMS.glob("*/*_score.py"), key=lambda path: path.name)
    return {path.stem.removesuffix("_score"): path.parent.name for path in files}
