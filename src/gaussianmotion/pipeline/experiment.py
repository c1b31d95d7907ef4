"""A whole experiment, checked before anything runs: configuration, variants, prompts, motions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from gaussianmotion.config import AblationConfig, Config, PriorConfig
from gaussianmotion.config.file import Layer, load_variants, scaled, validate, with_variant
from gaussianmotion.models.sources import prior_models
from gaussianmotion.pipeline.experiment_files import (
    check_body,
    check_motions,
    check_results,
    motion_names,
)
from gaussianmotion.pipeline.grid import Grid, grid_of
from gaussianmotion.pipeline.prompts import Prompt, configured_prompts
from gaussianmotion.pipeline.stages import TRAIN
from gaussianmotion.records.experiment_folder import FOLDERS
from gaussianmotion.runtime.errors import UserError

# Folders of results/ beside those of experiments.
BESIDE = ("mlflow", "synthesis")


@dataclass(frozen=True)
class Experiment:
    """What the workflow makes.

    Attributes:
        config: The base configuration.
        prompts: By id, in the order of the list.
        motions: By the name of their video; values are clip names, paths, or mappings as JSON.
        overlays: All variants of the variants file, by name.
    """

    config: Config
    prompts: dict[str, Prompt]
    motions: dict[str, str]
    overlays: dict[str, Layer]

    @cached_property
    def grid(self) -> Grid:
        """Its runs."""
        return grid_of(self.config, self.prompts)

    @property
    def variants(self) -> list[str]:
        """Names of all variants that are trained, each once."""
        return list(dict.fromkeys([*self.config.variants, *self.config.ablation.variants]))

    @cached_property
    def twins(self) -> dict[str, str]:
        """Variants that train exactly as an earlier one of the experiment does, and that one.

        Such as the variant that spells out a default: the same prompt and seed give the same
        avatar, so that one training serves both.
        """
        first: dict[str, str] = {}
        twins = {}
        for name in self.variants:
            earlier = first.setdefault(TRAIN.text(self.variant(name)), name)
            if earlier != name:
                twins[name] = earlier
        return twins

    @cached_property
    def own_priors(self) -> dict[str, PriorConfig]:
        """The priors of the variants that are trained with other models than the experiment's."""
        return own_priors(self.config, self.overlays)

    @cached_property
    def _configs(self) -> dict[str, Config]:
        """Variants' configurations so far: the workflow asks for them at each of its jobs."""
        return {}

    def variant(self, name: str) -> Config:
        """The configuration of one variant.

        Raises:
            UserError: there is no such variant, or what it changes is not valid.
        """
        if name not in self._configs:
            self._configs[name] = with_variant(self.config, name, self.overlays)
        return self._configs[name]


def own_priors(config: Config, overlays: Mapping[str, Layer]) -> dict[str, PriorConfig]:
    """The priors of an experiment's variants whose models are not those of its own prior."""
    shared = list(prior_models(config.prior))
    priors = {
        name: with_variant(config, name, overlays).prior
        for name in dict.fromkeys([*config.variants, *config.ablation.variants])
    }
    return {name: prior for name, prior in priors.items() if list(prior_models(prior)) != shared}


def load_experiment(layer: Mapping[str, Any], where: str, opened: bool = False) -> Experiment:
    """Validate merged configuration keys and everything that they name.

    Args:
        layer: Keys as merged from files and command line.
        where: Names of the files, for messages.
        opened: Open and read the files that it names, too, which takes seconds.

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
    _unique(config.scores.names, f"{where}: scores: names")
    _unique(config.study.against, f"{where}: study: against")
    check_results(config.results)
    overlays = load_variants(config.variants_file)
    experiment = Experiment(
        config=config,
        prompts={prompt.id: prompt for prompt in configured_prompts(config)},
        motions=motion_names(config.motions),
        overlays=overlays,
    )
    _check_runs(experiment, where, opened)
    _check_others(experiment, where)
    return experiment


def _check_runs(experiment: Experiment, where: str, opened: bool) -> None:
    """What the runs are made of is there: variants, bodies, motions, the ablations' prompts."""
    config = experiment.config
    if config.experiment in BESIDE:
        raise UserError(
            f"{where}: experiment: {config.experiment!r} is another folder of {config.results}; "
            f"write another name, for example my_{config.experiment}"
        )
    bodies = [experiment.variant(name).body for name in experiment.variants]
    bodies = [body for index, body in enumerate(bodies) if body not in bodies[:index]]
    checks: list[Callable[[], None]] = [partial(check_motions, config.motions, opened)]
    checks += [partial(check_body, body, where, opened) for body in bodies]
    _all_at_once(checks)
    for name in experiment.variants:
        if name in FOLDERS:
            raise UserError(
                f"{config.variants_file}: a variant may not be called {name!r}, which is a folder "
                f"of the results; rename it, for example my_{name}"
            )
    unknown = [name for name in experiment.grid.ablation_prompts if name not in experiment.prompts]
    if unknown and config.ablation.variants:
        raise UserError(
            f"{where}: ablation: prompts: no prompt has the id {unknown[0]!r}; choose some of "
            f"{', '.join(experiment.prompts)}"
        )


def _check_others(experiment: Experiment, where: str) -> None:
    """What runs are compared with: other systems, and the sides of the user study."""
    config, study = experiment.config, experiment.config.study
    for system in config.baselines:
        if system in experiment.overlays:
            raise UserError(
                f"{where}: baselines: {system!r} is also a variant; give the system another name"
            )
    known = {*experiment.overlays, *config.variants, *config.baselines}
    compared = [study.compared] if "compared" in study.model_fields_set else []
    for key, names in (("compared", compared), ("against", study.against)):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UserError(
                f"{where}: study: {key}: {unknown[0]!r} is neither a variant nor one of the "
                f"baselines; choose some of {', '.join(sorted(known))}"
            )
    if study.compared in study.against:
        raise UserError(
            f"{where}: study: against: {study.compared!r} is compared with itself; remove it"
        )


def _all_at_once(checks: list[Callable[[], None]]) -> None:
    """Make all checks, and tell the mistakes of all of them."""
    mistakes = []
    for check in checks:
        try:
            check()
        except UserError as error:
            mistakes.append(str(error))
    if mistakes:
        raise UserError("; and ".join(mistakes))


def _unique(values: list[Any], where: str) -> None:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UserError(f"{where}: {twice!r} is listed twice; remove one")
