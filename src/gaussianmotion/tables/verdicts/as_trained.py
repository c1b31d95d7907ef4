"""The verdicts of an experiment, for what its variants were trained with."""

from pathlib import Path

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.tables.files import Table
from gaussianmotion.tables.trained import trained
from gaussianmotion.tables.verdicts.paper_claims import PRUNED, TAUS, paper_claims
from gaussianmotion.tables.verdicts.table import verdicts_table


def verdicts_of(frame: pd.DataFrame, config: TablesSettings, root: Path) -> Table:
    """:func:`verdicts_table` of an experiment, whose runs say what the variants were trained with.

    Args:
        frame: All scores.
        config: As of :func:`verdicts_table`.
        root: The experiment's folder; runs that are not there were trained as their names say.
    """
    rows = frame[(frame["kind"] == "variant") & (frame["prompt"] != "")]
    runs = rows[["variant", "prompt", "seed"]].dropna().drop_duplicates().to_numpy()
    compared = {(str(variant), str(prompt), int(seed)) for variant, prompt, seed in runs}
    taus = trained(root, compared, "score.tau", TAUS)
    pruned = trained(root, compared, "density.prune_scale", PRUNED)
    edited = [
        f"{name} was trained with {what} = {found[name]:g}."
        for what, found, named in (("tau", taus, TAUS), ("prune_scale", pruned, PRUNED))
        for name in named
        if found[name] != named[name]
    ]
    return verdicts_table(frame, config, paper_claims(taus, pruned), edited)
