"""Files of an experiment's scores, and of the models that they and the trainings need."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gaussianmotion.pipeline.grid import Run
from gaussianmotion.records.run_folder import AVATAR, EXPORTS, SCORES, SHEET, VIEWS_RECORD
from gaussianmotion.scores import registry
from gaussianmotion.workflow.files import ExperimentFiles, workflow_error


@dataclass(frozen=True)
class ScoreFiles:
    """Which scores an experiment has, and where they are.

    Attributes:
        files: Of the experiment.
    """

    files: ExperimentFiles

    @property
    def _reported(self) -> list[str]:
        return list(self.files.config.scores.names)

    @cached_property
    def of_run(self) -> list[str]:
        """Names of the scores of one avatar."""
        return [name for name in self._reported if name in registry.run_scores()]

    @property
    def single(self) -> list[str]:
        """Those that one job makes of one avatar."""
        return [name for name in self.of_run if not registry.run_score(name).together]

    @property
    def together(self) -> list[str]:
        """Those that one job makes of all avatars of a variant."""
        return [name for name in self.of_run if registry.run_score(name).together]

    @property
    def pooled(self) -> list[str]:
        """Names of all scores of many avatars together, reported or not."""
        return list(registry.pooled_scores())

    @property
    def of_pictures(self) -> list[str]:
        """Names of all scores of one front view or more: other systems have them, too."""
        return [name for name, score in registry.run_scores().items() if score.of_pictures]

    def below(self, names: Iterable[str]) -> list[str]:
        """Files of some scores below a run's folder."""
        return [f"{SCORES}/{name}.json" for name in names]

    def logged_with(self) -> list[str]:
        """What is there below a run's folder before the run is logged."""
        exports = [EXPORTS[kind] for kind in self.files.config.export]
        return [AVATAR, SHEET, *exports, *self.below(self.of_run)]

    def looked_at(self, *names: str) -> list[str]:
        """What some scores look at below a run's folder."""
        count = self.files.config.render.views
        return sorted({file for name in names for file in registry.run_score(name).files(count)})

    def shipped(self, *names: str) -> list[str]:
        """Files of the repository that decide some scores; of missing ones the score says more."""
        config = self.files.config
        paths = [path for name in names for path in registry.run_score(name).ships(config)]
        return [str(path) for path in paths if path.is_file()]

    def all_pooled(self) -> list[str]:
        """The scores of each variant and seed, pooled over its prompts."""
        return [
            str(self.files.place.pooled_score(variant, seed, name))
            for variant, seed in self.files.grid.pools
            for name in self._reported
            if name in self.pooled
        ]

    def all(self) -> list[str]:
        """Every score of the experiment's avatars."""
        return self.files.of_runs(*self.below(self.of_run)) + self.all_pooled()

    def of_baselines(self) -> list[str]:
        """The scores of other systems' pictures, of each prompt and pooled."""
        return [
            str(self.files.place.baseline_score(system, prompt, score))
            for system in self.files.config.baselines
            for score in self._reported
            for prompt in self._prompts_of_baseline(score)
        ]

    def _prompts_of_baseline(self, score: str) -> list[str]:
        if score in self.pooled:
            return [""]
        return list(self.files.experiment.prompts) if score in self.of_pictures else []

    def pool(self, wildcards: Any) -> list[Run]:
        """The runs that a pooled score is of.

        Raises:
            WorkflowError: there are none.
        """
        runs = self.files.grid.pooled_runs(wildcards.variant, int(wildcards.seed))
        if not runs:
            raise workflow_error(
                f"no runs of {wildcards.variant} with seed {wildcards.seed}; name both in the "
                "configuration"
            )
        return runs

    def pooled_views(self, wildcards: Any) -> list[str]:
        """The pictures that a pooled score is of, with their records."""
        folders = [self.files.folder(run) for run in self.pool(wildcards)]
        return [
            path
            for folder in folders
            for path in (f"{folder}/{VIEWS_RECORD}", *self.files.views(folder))
        ]

    def pooled_folders(self, wildcards: Any) -> list[str]:
        """The folders of those runs."""
        return [self.files.folder(run) for run in self.pool(wildcards)]

    def pooled_references(self, wildcards: Any) -> list[str]:
        """The folders of the references of their prompts."""
        return [str(self.files.place.references(run.prompt)) for run in self.pool(wildcards)]

    @property
    def own_priors(self) -> list[str]:
        """Parts of ``models/`` that are priors of single variants."""
        return [f"{variant}/prior" for variant in self.files.experiment.own_priors]

    def prior(self, wildcards: Any) -> str:
        """The check of the models that a variant is trained with."""
        own = f"{wildcards.variant}/prior"
        return self.model(own if own in self.own_priors else "prior")

    def model(self, part: str) -> str:
        """The check of some models."""
        return f"{self.files.place.models}/{part}.json"

    def models(self) -> list[str]:
        """The checks of all models that the experiment needs."""
        parts = ["prior", *self.own_priors, *registry.weights_of(self._reported)]
        return [self.model(part) for part in parts]

    def known_models(self) -> list[str]:
        """Parts of ``models/`` that there can be."""
        weights = registry.weights_of(list(registry.scores()))
        return ["prior", *self.own_priors, *weights]

    def weights(self, score: str) -> list[str]:
        """The checks of a score's weights."""
        return [self.model(part) for part in registry.scores()[score].weights]
