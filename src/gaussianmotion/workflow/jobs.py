"""What a rule tells its jobs: settings, code, prompt, folder, devices and memory.

Methods that take ``wildcards`` are for Snakemake, which calls them for each job; a job runs again
when what they return has changed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config
from gaussianmotion.pipeline import stages
from gaussianmotion.pipeline.experiment import Experiment
from gaussianmotion.pipeline.stage import Stage
from gaussianmotion.records.run_folder import EXPORTS
from gaussianmotion.scores import registry
from gaussianmotion.tracking.logged import failures_of
from gaussianmotion.workflow.files import workflow_error
from gaussianmotion.workflow.gpus import Gpus


@dataclass(frozen=True)
class Jobs:
    """Parameters and resources of an experiment's jobs.

    Attributes:
        experiment: Checked.
        gpus: Of this computer.
    """

    experiment: Experiment
    gpus: Gpus

    def stage(self, name: str) -> Stage[Any]:
        """A stage by its name; score_NAME and pooled_NAME are those of scores."""
        found: Stage[Any] = {**stages.STAGES, **registry.score_stages()}[name]
        return found

    def code(self, stage: str) -> str:
        """The digest of the code that a stage runs, so that editing it runs it again."""
        return self.stage(stage).code()

    def settings(self, stage: str) -> Callable[[Any], str]:
        """The keys that a stage reads, those of the job's variant, as JSON."""

        def of_job(wildcards: Any) -> str:
            return self.stage(stage).text(self._config(wildcards))

        return of_job

    def score_code(self, names: Sequence[str]) -> str:
        """The digests of the code of several scores of one avatar."""
        return registry.joint_code(names)

    def score_settings(self, names: Sequence[str]) -> Callable[[Any], str]:
        """The keys that several scores of one avatar read."""

        def of_job(wildcards: Any) -> str:
            return registry.joint_settings(names, self._config(wildcards))

        return of_job

    def models_settings(self, wildcards: Any) -> str:
        """What the check of a model reads; that of a variant's own prior, its own keys."""
        variant, _, part = wildcards.part.rpartition("/")
        config = self.experiment.variant(variant) if variant else self.experiment.config
        return self.stage(f"models_{part}").text(config)

    def models_part(self, wildcards: Any) -> str:
        """Which models a check is of: those of a prior, or of a score."""
        return str(wildcards.part).rpartition("/")[2]

    def prompt(self, wildcards: Any) -> str:
        """The sentence of a job's prompt id.

        Raises:
            WorkflowError: no prompt has the id.
        """
        prompts = self.experiment.prompts
        if wildcards.prompt not in prompts:
            raise workflow_error(
                f"no prompt has the id {wildcards.prompt!r}; choose one of {', '.join(prompts)}"
            )
        return prompts[wildcards.prompt].text

    def export_format(self, wildcards: Any) -> str:
        """The command's word for the format of an exported file."""
        kind = next(kind for kind, name in EXPORTS.items() if name == wildcards.file)
        return kind.replace("_", "-")

    def failures(self, wildcards: Any, output: Sequence[str]) -> list[int]:
        """How often logging failed by each record; other numbers, and the rule runs again."""
        return [failures_of(Path(path)) for path in output]

    def folder(self, wildcards: Any, output: Sequence[str]) -> str:
        """The folder that holds a job's last output: that of its run."""
        return str(Path(output[-1]).parent)

    def root(self, wildcards: Any) -> str:
        """The folder of the experiment, for commands that read all of it."""
        return f"{self.experiment.config.results}/{self.experiment.config.experiment}"

    def gpus_of(self, stage: str) -> int:
        """GPUs of a stage's jobs."""
        return self.gpus.of(self.stage(stage))

    def memory(self, mem_mb: int) -> Callable[[Any, int], int]:
        """Memory of a job; twice as much where a cluster stopped its first try."""
        return lambda wildcards, attempt: mem_mb * attempt

    def _config(self, wildcards: Any) -> Config:
        variant = getattr(wildcards, "variant", None)
        return self.experiment.variant(variant) if variant else self.experiment.config


def one_of(names: Iterable[str]) -> str:
    """A wildcard constraint: exactly one of some names; nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
