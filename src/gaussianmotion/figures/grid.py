"""Which of an experiment's runs each figure shows.

The workflow and the drawing ask the same functions, so a figure's job waits for exactly what the
figure shows. Nothing here imports torch: Snakemake reads it before every run.
"""

from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.pipeline.grid import COARSE, OURS, Grid, Run, main_variant
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.run_folder import AVATAR, VIEWS_RECORD

# Columns of each figure: variants of config/variants.yaml.
VARIANTS: dict[str, tuple[str, ...]] = {
    "fig3": (OURS,),
    "fig4": (OURS, "static_pose"),
    "fig5": (OURS, "no_pose_guidance"),
    "fig6": ("tau_500", "tau_400", "tau_300", "tau_200", "tau_100"),
    "fig7": ("prune_0.1", "prune_0.02", "prune_0.01", "scale_reg"),
}
# Rows below those, of other variants in the same columns, where an experiment has them.
ALSO: dict[str, tuple[str, ...]] = {
    "fig7": tuple(f"{COARSE}{variant}" for variant in VARIANTS["fig7"]),
}
FIGURES = tuple(VARIANTS)
# Files of a run that a figure reads.
FILES: dict[str, tuple[str, ...]] = {
    "fig3": (AVATAR,),
    "fig4": (AVATAR,),
    "fig5": (AVATAR,),
    "fig6": (VIEWS_RECORD,),
    "fig7": (AVATAR,),
}
# What the paper shows for all prompts; the others are ablations.
_MAIN = ("fig3", "fig4")
# Rows beyond these do not fit a page; the caption says how many there are.
ROWS = {"fig3": 30, "fig4": 12, "fig5": 4, "fig6": 4, "fig7": 4}
NOISED = ("render.png", "with.png", "without.png")


@dataclass(frozen=True)
class Row:
    """One prompt of a figure.

    Attributes:
        prompt: Id.
        runs: One for each variant of the figure; None where the experiment has none.
        also: Whether the variants are those of :data:`ALSO`.
    """

    prompt: str
    runs: tuple[Run | None, ...]
    also: bool = False


def figure_rows(figure: str, grid: Grid) -> list[Row]:
    """What a figure shows: prompts down, variants across, one seed for each prompt."""
    first = main_variant(grid.main)
    columns = [first if variant == OURS else variant for variant in VARIANTS[figure]]
    prompts = list(grid.prompts) if figure in _MAIN else grid.ablation_prompts
    shown = prompts[: ROWS[figure]]
    rows = [_row(prompt, columns, grid.runs) for prompt in shown]
    others = [_row(prompt, list(ALSO.get(figure, ())), grid.runs, also=True) for prompt in shown]
    return [*rows, *(row for row in others if any(row.runs))]


def figure_inputs(figure: str, grid: Grid, root: str) -> list[str]:
    """The files that a figure is drawn from."""
    rows, folder = figure_rows(figure, grid), ExperimentFolder(Path(root))
    files = [
        run.below(root).path / name
        for row in rows
        for run in row.runs
        if run is not None
        for name in FILES[figure]
    ]
    if figure == "fig3":
        files += [folder.imported(system) for system in grid.baselines]
    if figure == "fig5":
        files += [
            folder.noised(row.prompt) / name for row in rows if row.runs[0] for name in NOISED
        ]
    return [str(path) for path in files]


def _row(prompt: str, variants: list[str], runs: list[Run], also: bool = False) -> Row:
    """The prompt's runs with the seed that most of the variants have, the first one of those."""
    here = [run for run in runs if run.prompt == prompt]
    seeds = list(dict.fromkeys(run.seed for run in here if run.variant in variants))
    seed = max(
        seeds,
        key=lambda s: len({r.variant for r in here if r.seed == s} & set(variants)),
        default=0,
    )
    found = {run.variant: run for run in here if run.seed == seed}
    return Row(prompt, tuple(found.get(variant) for variant in variants), also)
