"""Which runs an experiment has: its main grid, that of the ablations, and what is pooled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gaussianmotion.config import AblationConfig
from gaussianmotion.config.experiment import GridKeys
from gaussianmotion.pipeline.prompts import Prompt, read_prompts
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.run_folder import RECORD, RunFolder
from gaussianmotion.runtime.errors import UserError

# Prompts of the ablations where the configuration names none.
FIRST_PROMPTS = 3
# The variant that is the method itself.
OURS = "ours"
# Before the names of the variants that compare the same where Gaussians come to be large.
COARSE = "coarse_"


@dataclass(frozen=True, order=True)
class Run:
    """One training and what is made of it."""

    variant: str
    prompt: str
    seed: int

    def below(self, root: Path | str) -> RunFolder:
        """Its folder in an experiment's."""
        return ExperimentFolder(Path(root)).run(self.variant, self.prompt, self.seed)


@dataclass(frozen=True)
class Grid:
    """An experiment's runs.

    Attributes:
        prompts: By id, in the order of the list.
        main: Runs by which the tables compare: variants x all prompts x seeds.
        ablation: Runs of the ablations; some may be in ``main``, too.
        ablation_prompts: Ids of the ablations' prompts.
        baselines: Other systems whose renders were brought.
    """

    prompts: dict[str, Prompt]
    main: list[Run]
    ablation: list[Run]
    ablation_prompts: list[str]
    baselines: tuple[str, ...] = ()

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, each once."""
        return list(dict.fromkeys([*self.main, *self.ablation]))

    @cached_property
    def pools(self) -> list[tuple[str, int]]:
        """Variants and seeds, each with one score of each kind that is pooled over prompts."""
        return list(dict.fromkeys((run.variant, run.seed) for run in self.runs))

    @cached_property
    def alike(self) -> dict[tuple[tuple[str, int], ...], list[str]]:
        """Variants by the prompts and seeds that they have.

        There are few such groups: variants of the main grid, of the ablations, and of both. One
        rule's jobs can make what is made of all runs of a variant at once, in each group.
        """
        cells: dict[str, list[tuple[str, int]]] = {}
        for run in self.runs:
            cells.setdefault(run.variant, []).append((run.prompt, run.seed))
        groups: dict[tuple[tuple[str, int], ...], list[str]] = {}
        for variant, found in cells.items():
            groups.setdefault(tuple(sorted(found)), []).append(variant)
        return groups

    def pooled_runs(self, variant: str, seed: int) -> list[Run]:
        """The runs of a variant and seed that one pooled score is of.

        Those of the main grid (all prompts); where it has none, those of the ablations' grid.
        """
        for grid in (self.main, self.ablation):
            runs = [run for run in grid if (run.variant, run.seed) == (variant, seed)]
            if runs:
                return runs
        return []


def grid_of(keys: GridKeys, prompts: dict[str, Prompt]) -> Grid:
    """The grid that a configuration names, of some prompts."""
    chosen = ablation_prompts(keys.ablation, prompts)
    return Grid(
        prompts=prompts,
        main=_runs(keys.variants, prompts, keys.seeds),
        ablation=_runs(keys.ablation.variants, chosen, keys.ablation.seeds),
        ablation_prompts=chosen,
        baselines=tuple(keys.baselines),
    )


def ablation_prompts(ablation: AblationConfig, listed: Iterable[str]) -> list[str]:
    """Ids of the ablations' prompts: those that are named and listed, else the first three.

    Args:
        ablation: Names them, or none. Without variants they need not be in the list: an overlay
            with a list of one's own leaves the other file's names behind.
        listed: Ids of the experiment's prompts, in order.
    """
    ids = list(listed)
    named = [name for name in ablation.prompts if ablation.variants or name in ids]
    return named or first_prompts(ids)


def first_prompts(listed: Iterable[str]) -> list[str]:
    """The prompts that stand for all where nobody named some: the first three."""
    return list(listed)[:FIRST_PROMPTS]


def configured_grid(keys: GridKeys, root: Path) -> Grid:
    """The grid that a configuration names, with the prompts that were written to ``root``."""
    return grid_of(
        keys, {prompt.id: prompt for prompt in read_prompts(ExperimentFolder(root).prompts)}
    )


def found_grid(root: Path) -> Grid:
    """The grid of all finished runs below an experiment's folder.

    Raises:
        UserError: there is none.
    """
    folder = ExperimentFolder(root)
    runs = [Run(run.variant, run.prompt, int(run.path.name)) for run in folder.finished_runs]
    if not runs:
        raise UserError(
            f"{root} holds no finished run (VARIANT/PROMPT/SEED/{RECORD}); give the folder of an "
            "experiment, for example results/laptop"
        )
    listed = read_prompts(folder.prompts) if folder.prompts.exists() else []
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
        ablation_prompts=list(dict.fromkeys(run.prompt for run in others))
        or first_prompts(prompts),
        baselines=tuple(folder.imported_systems),
    )


def main_variant(runs: Sequence[Run]) -> str:
    """The variant that stands for the method: ours, else the first one."""
    variants = [run.variant for run in runs]
    return OURS if OURS in variants or not variants else variants[0]


def _runs(variants: Iterable[str], prompts: Iterable[str], seeds: Iterable[int]) -> list[Run]:
    prompts, seeds = list(prompts), list(seeds)
    return [Run(v, p, s) for v in variants for p in prompts for s in seeds]
