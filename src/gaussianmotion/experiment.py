"""A whole experiment, checked before anything runs: configuration, variants, prompts, motions."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.config import AblationConfig, Config
from gaussianmotion.config_file import Layer, load_variants, scaled, validate, with_variant
from gaussianmotion.errors import UserError
from gaussianmotion.prompts import Prompt, configured_prompts, slug
from gaussianmotion.stages import stage_settings

# Folders of results/EXPERIMENT beside those of the variants.
RESERVED = (
    *("baselines", "benchmarks", "figures", "logs", "noised", "reference"),
    *("scores", "study", "tables"),
)


@dataclass(frozen=True, order=True)
class Run:
    """One training and what is made of it."""

    variant: str
    prompt: str
    seed: int


@dataclass(frozen=True)
class Experiment:
    """What the workflow makes.

    Attributes:
        config: The base configuration.
        prompts: By id, in the order of the list.
        motions: By the name of their video; values are clip names or paths.
        overlays: All variants of the variants file, by name.
    """

    config: Config
    prompts: dict[str, Prompt]
    motions: dict[str, str]
    overlays: dict[str, Layer]

    @property
    def main_runs(self) -> list[Run]:
        """The main grid, by which the tables compare: variants x all prompts x seeds."""
        config = self.config
        return _grid(config.variants, list(self.prompts), config.seeds)

    @property
    def ablation_prompts(self) -> list[str]:
        """Ids of the ablations' prompts."""
        return self.config.ablation.prompts or list(self.prompts)[:3]

    @property
    def ablation_runs(self) -> list[Run]:
        """The ablations' grid; some of it may be in the main grid, too."""
        ablation = self.config.ablation
        return _grid(ablation.variants, self.ablation_prompts, ablation.seeds)

    @property
    def runs(self) -> list[Run]:
        """All runs, each once."""
        return list(dict.fromkeys([*self.main_runs, *self.ablation_runs]))

    def pooled_runs(self, variant: str, seed: int) -> list[Run]:
        """The runs of a variant and seed that one pooled score is of.

        Those of the main grid (all prompts); where it has none, those of the ablations' grid.
        """
        for grid in (self.main_runs, self.ablation_runs):
            runs = [run for run in grid if (run.variant, run.seed) == (variant, seed)]
            if runs:
                return runs
        return []

    @property
    def twins(self) -> dict[str, str]:
        """Variants that train exactly as an earlier one of the experiment does, and that one.

        Such as the variant that spells out a default: the same prompt and seed give the same
        avatar, so that one training serves both.
        """
        config = self.config
        first: dict[str, str] = {}
        twins = {}
        for name in dict.fromkeys([*config.variants, *config.ablation.variants]):
            earlier = first.setdefault(stage_settings(self.variant(name), "train"), name)
            if earlier != name:
                twins[name] = earlier
        return twins

    def variant(self, name: str) -> Config:
        """The configuration of one variant."""
        return with_variant(self.config, name, self.overlays)


def load_experiment(layer: Mapping[str, Any], where: str) -> Experiment:
    """Validate merged configuration keys and everything that they name.

    Args:
        layer: Keys as merged from files and command line.
        where: Names of the files, for messages.

    Raises:
        UserError: the first mistake found.
    """
    config = validate(scaled(layer, where), where)
    if config.prompt is not None:  # one sentence of the user's own: nothing else is made of it
        study = config.study.model_copy(update={"against": []})
        alone = {"ablation": AblationConfig(), "baselines": {}, "study": study}
        config = config.model_copy(update=alone)
    for key in ("variants", "seeds", "motions"):
        _unique(getattr(config, key), f"{where}: {key}")
    for key in ("variants", "prompts", "seeds"):
        _unique(getattr(config.ablation, key), f"{where}: ablation: {key}")
    _writable(config.results)
    overlays = load_variants(config.variants_file)
    experiment = Experiment(
        config=config,
        prompts={prompt.id: prompt for prompt in configured_prompts(config)},
        motions=motion_names(config.motions),
        overlays=overlays,
    )
    for name in (*config.variants, *config.ablation.variants):
        experiment.variant(name)
        if name in RESERVED:
            raise UserError(
                f"{config.variants_file}: a variant may not be called {name!r}, which is a folder "
                f"of the results; rename it, for example my_{name}"
            )
    for system in config.baselines:
        if system in overlays:
            raise UserError(
                f"{where}: baselines: {system!r} is also a variant; give the system another name"
            )
    unknown = [name for name in experiment.ablation_prompts if name not in experiment.prompts]
    if unknown:
        raise UserError(
            f"{where}: ablation: prompts: no prompt has the id {unknown[0]!r}; choose some of "
            f"{', '.join(experiment.prompts)}"
        )
    shown = {*overlays, *config.variants, *config.baselines}
    unknown = [name for name in config.study.against if name not in shown]
    if unknown:
        raise UserError(
            f"{where}: study: against: {unknown[0]!r} is neither a variant nor one of the "
            f"baselines; choose some of {', '.join(sorted(shown))}"
        )
    return experiment


def _grid(variants: list[str], prompts: list[str], seeds: list[int]) -> list[Run]:
    return [Run(v, p, s) for v in variants for p in prompts for s in seeds]


def motion_names(motions: list[str]) -> dict[str, str]:
    """Names of videos for clips and files: a clip's own name, or the slug of a file's stem.

    Raises:
        UserError: two motions would write the same video.
    """
    names: dict[str, str] = {}
    for motion in motions:
        name = motion if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", motion) else slug(Path(motion).stem)
        if name in names:
            raise UserError(
                f"motions: {motion!r} and {names[name]!r} would both be written to {name}.mp4; "
                "rename one file"
            )
        names[name] = motion
    return names


def _writable(results: Path) -> None:
    folder = results.absolute()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"results: {folder} is not a folder that you may write; choose another one")


def _unique(values: list[Any], where: str) -> None:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UserError(f"{where}: {twice!r} is listed twice; remove one")
