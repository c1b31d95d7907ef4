"""Lines below tables of distances: what they are to, and what N does to them."""

from collections.abc import Iterable

from gaussianmotion.config import Config
from gaussianmotion.tables.measures import Measure

# Values whose expectation falls with N.
BIASED = ("fid", "frechet")


def distance_notes(chosen: Iterable[Measure], config: Config) -> list[str]:
    """Nothing where no distance of pooled pictures is shown.

    Args:
        chosen: The measures of a table.
        config: Whose ``reference`` says what the pictures are compared with.
    """
    pooled = [measure for measure in chosen if measure.pooled]
    if not pooled:
        return []
    names = ", ".join(measure.name for measure in pooled)
    wanted = config.reference
    words = f" with the words {wanted.suffix!r} added" if wanted.suffix else ""
    if wanted.pose == "none":
        how = "without a pose, as the paper's"
    else:
        how = f"posed ({wanted.pose}), unlike the paper's"
    notes = [
        f"{names}: to {wanted.count} samples from {config.prior.model} of each prompt{words}, "
        f"{how}."
    ]
    biased = [measure.name for measure in pooled if measure.name in BIASED]
    if biased:
        notes.append(
            f"{', '.join(biased)}: biased upward, the more so the fewer pictures there are (the "
            "covariances need more pictures than the network has features); compare numbers of "
            "the same N only."
        )
    return notes
