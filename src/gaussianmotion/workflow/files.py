"""Files of an experiment, as the inputs and outputs of rules: of its runs, tables and exports.

Paths are text below the folder of the workflow. Where one has wildcards, they are Snakemake's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config
from gaussianmotion.config.face import NAMES, face_path
from gaussianmotion.figures.grid import FIGURES, figure_inputs, figure_rows
from gaussianmotion.pipeline.experiment import Experiment
from gaussianmotion.pipeline.experiment_files import motion_inputs
from gaussianmotion.pipeline.grid import Grid, Run
from gaussianmotion.pipeline.stages import SCORE_TABLES
from gaussianmotion.records import run_folder as names
from gaussianmotion.records.experiment_folder import VOTES, ExperimentFolder
from gaussianmotion.runtime.shipped import shipped

#: Files of avatars for other programs that hold the splats as they are.
SPLAT_EXPORTS = tuple(names.EXPORTS[kind] for kind in ("ply", "spz", "splat_glb"))
#: Tables of scores, and with that of the user study all tables.
TABLES = (*SCORE_TABLES, "table2")


@dataclass(frozen=True)
class ExperimentFiles:
    """Which files an experiment has.

    Attributes:
        experiment: Checked.
    """

    experiment: Experiment

    @property
    def config(self) -> Config:
        """The experiment's configuration."""
        return self.experiment.config

    @property
    def grid(self) -> Grid:
        """Its runs."""
        return self.experiment.grid

    @cached_property
    def root(self) -> str:
        """The experiment's folder."""
        return f"{self.config.results}/{self.config.experiment}"

    @property
    def place(self) -> ExperimentFolder:
        """The same folder, which knows where everything lies in it."""
        return ExperimentFolder(Path(self.root))

    @property
    def run(self) -> str:
        """A run's folder, with wildcards."""
        return f"{self.root}/{{variant}}/{{prompt}}/{{seed}}"

    @property
    def store(self) -> str:
        """The record of the MLflow store, which all experiments of the results share."""
        return f"{self.config.results}/mlflow/created.json"

    def folder(self, run: Run) -> str:
        """The folder of a run."""
        return str(run.below(self.root).path)

    def folders(self) -> list[str]:
        """The folders of all runs."""
        return [self.folder(run) for run in self.grid.runs]

    def of_runs(self, *below: str) -> list[str]:
        """Files of every run, by their names below its folder."""
        return [f"{folder}/{name}" for folder in self.folders() for name in below]

    def of_cells(self, cells: Iterable[tuple[str, int]], *below: str) -> list[str]:
        """Files of a variant's runs, the variant a wildcard.

        Args:
            cells: Prompts and seeds.
            below: Names below a run's folder.
        """
        folders = [f"{self.root}/{{variant}}/{prompt}/{seed}" for prompt, seed in cells]
        return [f"{folder}/{name}" for folder in folders for name in below]

    def finished(self) -> list[str]:
        """The last file of every run."""
        return self.of_runs(names.LOGGED if self.config.tracking.enabled else names.SHEET)

    def main_sheets(self) -> list[str]:
        """The contact sheets of the main grid; of the ablations many would look alike in a row."""
        return [f"{self.folder(run)}/{names.SHEET}" for run in self.grid.main]

    def main_pages(self) -> list[str]:
        """The pages of the main grid's avatars."""
        return [f"{self.folder(run)}/{names.PAGE}" for run in self.grid.main]

    def main_fronts(self) -> list[str]:
        """The front views of the main grid's avatars."""
        return [f"{self.folder(run)}/{names.FRONT}" for run in self.grid.main]

    def views(self, folder: str) -> list[str]:
        """The still views of a run."""
        return [f"{folder}/{names.view_name(index)}" for index in range(self.config.render.views)]

    def videos(self, folder: str) -> list[str]:
        """The videos of motions of a run, and their records."""
        stems = [f"{folder}/{names.MOTIONS}/{motion}" for motion in self.experiment.motions]
        return [f"{stem}{suffix}" for stem in stems for suffix in (names.VIDEO, ".json")]

    def own_motions(self) -> list[str]:
        """The user's own motion files; clips that ship do not change."""
        return [
            path for motion in self.experiment.motions.values() for path in motion_inputs(motion)
        ]

    def body(self, wildcards: Any) -> str:
        """The body that a variant is trained on."""
        return str(self.experiment.variant(wildcards.variant).body.path)

    def faces(self, wildcards: Any) -> list[str]:
        """The faces that avatars are drawn to; of missing ones the training says more."""
        face = self.experiment.variant(wildcards.variant).train.face
        paths = [face_path(name) for name in NAMES if face.contrast]
        return [str(path) for path in paths if shipped(path).is_file()]

    def same_training(self, wildcards: Any) -> str:
        """The run that a variant's training is a copy of."""
        variant = self.experiment.twins[wildcards.variant]
        return f"{self.root}/{variant}/{wildcards.prompt}/{wildcards.seed}"

    def noised_avatar(self, wildcards: Any) -> str:
        """The avatar of a row of Fig. 5: the method's, with the seed that the figure shows.

        Raises:
            WorkflowError: the figure has no such row.
        """
        rows = {row.prompt: row.runs[0] for row in figure_rows("fig5", self.grid)}
        run = rows.get(wildcards.prompt)
        if run is None:
            chosen = [prompt for prompt, row in rows.items() if row is not None]
            raise workflow_error(
                f"Fig. 5 does not show the prompt {wildcards.prompt!r}; choose one of "
                f"{', '.join(chosen) or 'none: the experiment has no such variants'}"
            )
        return f"{self.folder(run)}/{names.AVATAR}"

    def of_figure(self, wildcards: Any) -> list[str]:
        """What one of the figures is drawn from."""
        return figure_inputs(wildcards.figure, self.grid, self.root)

    def figures(self, *suffixes: str) -> list[str]:
        """All figures."""
        pictures = map(self.place.figure, FIGURES)
        return [str(path.with_suffix(f".{kind}")) for path in pictures for kind in suffixes]

    def tables(self, *suffixes: str) -> list[str]:
        """All tables."""
        return [str(self.place.table(name, kind)) for kind in suffixes for name in TABLES]

    def exports(self) -> list[str]:
        """The files for other programs that the configuration asks for."""
        wanted = self.config.export
        files = self.of_runs(*(names.EXPORTS[kind] for kind in wanted))
        return files + [str(self.place.gallery)] * ("viewer" in wanted)

    def study_clips(self) -> list[str]:
        """What the user study's pairs are chosen from: the first seed of each system's prompts."""
        study = self.config.study
        first: dict[tuple[str, str], Run] = {}
        for run in self.grid.runs:
            if run.variant in {study.compared, *study.against}:
                key = (run.variant, run.prompt)
                first[key] = min(run, first.get(key, run))
        systems = [s for s in self.config.baselines if not study.against or s in study.against]
        motions = [f"{names.MOTIONS}/{motion}.json" for motion in self.experiment.motions]
        return [self.imported(system) for system in systems] + [
            f"{self.folder(run)}/{name}"
            for run in first.values()
            for name in (names.RECORD, names.VIEWS_RECORD, *motions)
        ]

    def votes(self) -> list[str]:
        """The votes of the user study, where the user has exported some."""
        path = f"{self.root}/{VOTES}"
        return [path] if Path(path).exists() else []

    def imported(self, system: str) -> str:
        """The record of another system's renders."""
        return str(self.place.imported(system))

    def brought(self, wildcards: Any) -> list[str]:
        """The files that the user brought of another system, as far as they are there."""
        folder = self.config.baselines[wildcards.system]
        return sorted(str(path) for path in folder.glob("**/*") if path.is_file())


def workflow_error(message: str) -> Exception:
    """A mistake in a target, which Snakemake says in one line."""
    from snakemake.exceptions import WorkflowError

    error: Exception = WorkflowError(message)
    return error
