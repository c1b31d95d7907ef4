"""Which runs an experiment has, and which of them each figure shows.

The workflow and the drawing ask the same functions, so a figure's job waits for exactly what the
figure shows. Nothing here imports torch: Snakemake reads it before every run.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.pipeline.experiment import Experiment, Run
from gaussianmotion.pipeline.prompts import Prompt, read_prompts

FigureName = Literal["fig3", "fig4", "fig5", "fig6", "fig7"]

# Columns of each figure: variants of config/variants.yaml.
VARIANTS: dict[str, tuple[str, ...]] = {
    "fig3": ("ours",),
    "fig4": ("ours", "static_pose"),
    "fig5": ("ours", "no_pose_guidance"),
    "fig6": ("tau_500", "tau_400", "tau_300", "tau_200", "tau_100"),
    "fig7": ("prune_0.1", "prune_0.02", "prune_0.01", "scale_reg"),
}
FIGURES = tuple(VARIANTS)
# Files of a run that a figure reads.
FILES: dict[str, tuple[str, ...]] = {
    "fig3": ("avatar.safetensors",),
    "fig4": ("avatar.safetensors",),
    "fig5": ("avatar.safetensors",),
    "fig6": ("views.json",),
    "fig7": ("avatar.safetensors",),
}
# What the paper shows for all prompts; the others are ablations.
_MAIN = ("fig3", "fig4")
# Rows beyond these do not fit a page; the caption says how many there are.
ROWS = {"fig3": 30, "fig4": 12, "fig5": 4, "fig6": 4, "fig7": 4}
NOISED = ("render.png", "with.png", "without.png")


@dataclass(frozen=True)
class Grid:
    """An experiment's runs.

    Attributes:
        prompts: By id, in the order of the list.
        main: Runs by which the tables compare.
        ablation: Runs of the ablations; some may be in ``main``, too.
        ablation_prompts: Ids of the ablations' prompts.
        baselines: Other systems whose renders were brought.
    """

    prompts: dict[str, Prompt]
    main: list[Run]
    ablation: list[Run]
    ablation_prompts: list[str]
    baselines: tuple[str, ...] = ()

    @property
    def runs(self) -> list[Run]:
        """All runs, each once."""
        return list(dict.fromkeys([*self.main, *self.ablation]))


@dataclass(frozen=True)
class Row:
    """One prompt of a figure.

    Attributes:
        prompt: Id.
        runs: One for each variant of the figure; None where the experiment has none.
    """

    prompt: str
    runs: tuple[Run | None, ...]


def grid_of(experiment: Experiment) -> Grid:
    """The grid of a configured experiment."""
    return Grid(
        experiment.prompts,
        experiment.main_runs,
        experiment.ablation_runs,
        experiment.ablation_prompts,
        tuple(experiment.config.baselines),
    )


def configured_grid(config: Config, root: Path) -> Grid:
    """The grid that a configuration names, with the prompts that were written to ``root``."""
    prompts = {prompt.id: prompt for prompt in read_prompts(root / "prompts.tsv")}
    return grid_of(Experiment(config=config, prompts=prompts, motions={}, overlays={}))


def found_grid(root: Path) -> Grid:
    """The grid of all finished runs below an experiment's folder.

    Raises:
        UserError: there is none.
    """
    runs = [
        Run(path.parts[-4], path.parts[-3], int(path.parts[-2]))
        for path in sorted(root.glob("*/*/*/run.json"))
        if path.parts[-2].isdigit()
    ]
    if not runs:
        raise UserError(
            f"{root} holds no finished run (VARIANT/PROMPT/SEED/run.json); give the folder of an "
            "experiment, for example results/laptop"
        )
    listed = read_prompts(root / "prompts.tsv") if (root / "prompts.tsv").exists() else []
    seen = {run.prompt for run in runs}
    prompts = {prompt.id: prompt for prompt in listed if prompt.id in seen}
    for run in runs:
        prompts.setdefault(run.prompt, Prompt(run.prompt, run.prompt))
    first = main_variant(runs)
    others = [run for run in runs if run.variant != first]
    return Grid(
        prompts=prompts,
        main=[run for run in runs if run.variant == first],
        ablation=others,
        ablation_prompts=list(dict.fromkeys(run.prompt for run in others)) or list(prompts)[:3],
        baselines=tuple(
            path.parent.name for path in sorted(root.glob("baselines/*/imported.json"))
        ),
    )


def main_variant(runs: list[Run]) -> str:
    """The variant that stands for the method: ours, else the first one."""
    variants = [run.variant for run in runs]
    return "ours" if "ours" in variants or not variants else variants[0]


def figure_rows(figure: str, grid: Grid) -> list[Row]:
    """What a figure shows: prompts down, variants across, one seed for each prompt."""
    first = main_variant(grid.main)
    columns = [first if variant == "ours" else variant for variant in VARIANTS[figure]]
    prompts = list(grid.prompts) if figure in _MAIN else grid.ablation_prompts
    return [_row(prompt, columns, grid.runs) for prompt in prompts[: ROWS[figure]]]


def figure_inputs(figure: str, grid: Grid, root: str) -> list[str]:
    """The files that a figure is drawn from."""
    rows = figure_rows(figure, grid)
    files = [
        f"{root}/{run.variant}/{run.prompt}/{run.seed}/{name}"
        for row in rows
        for run in row.runs
        if run is not None
        for name in FILES[figure]
    ]
    if figure == "fig3":
        files += [f"{root}/baselines/{system}/imported.json" for system in grid.baselines]
    if figure == "fig5":
        files += [
            f"{root}/noised/{row.prompt}/{name}" for row in rows if row.runs[0] for name in NOISED
        ]
    return files


def _row(prompt: str, variants: list[str], runs: list[Run]) -> Row:
    """The prompt's runs with the seed that most of the variants have, the first one of those."""
    here = [run for run in runs if run.prompt == prompt]
    seeds = list(dict.fromkeys(run.seed for run in here if run.variant in variants))
    seed = max(
        seeds,
        key=lambda s: len({r.variant for r in here if r.seed == s} & set(variants)),
        default=0,
    )
    found = {run.variant: run for run in here if run.seed == seed}
    return Row(prompt, tuple(found.get(variant) for variant in variants))
