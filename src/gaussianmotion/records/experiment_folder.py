"""Where everything of one experiment lies: its runs, its tables and figures, other systems.

``results/EXPERIMENT`` holds a folder of each variant, with a run's folder for each prompt and seed,
and the folders of :data:`FOLDERS`, which no variant may be called.
"""

from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.records.run_folder import MLFLOW, RECORD, RunFolder

PROMPTS = "prompts.tsv"
SHEET = "sheet.png"
GALLERY = "gallery.html"
PARENTS = "parents.json"
NOTE = "experiment.json"
BASELINES, FIGURES, MODELS, NOISED = "baselines", "figures", "models", "noised"
REFERENCES, SCORES, STUDY, TABLES = "reference", "scores", "study", "tables"
BENCHMARKS, LOGS = "benchmarks", "logs"
#: Folders beside those of the variants.
FOLDERS = (
    *(BASELINES, BENCHMARKS, FIGURES, LOGS, MODELS, NOISED, REFERENCES),
    *(SCORES, STUDY, TABLES),
)
IMPORTED = "imported.json"
SCORES_TABLE = f"{TABLES}/scores.csv"
PAIRS, VOTES, VOTES_DATABASE = f"{STUDY}/pairs.json", f"{STUDY}/votes.csv", f"{STUDY}/votes.db"
# A run below an experiment's folder.
_RUN = f"*/*/*/{RECORD}"


@dataclass(frozen=True)
class ExperimentFolder:
    """The folder of one experiment; nothing needs to be there.

    Attributes:
        path: The folder.
    """

    path: Path

    def run(self, variant: str, prompt: str, seed: int | str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.path / variant / prompt / str(seed))

    @property
    def finished_runs(self) -> list[RunFolder]:
        """The runs whose training is done, sorted.

        Other systems' renders stand in baselines/SYSTEM/PROMPT: no runs, but as deep as one.
        """
        folders = [path.parent for path in sorted(self.path.glob(_RUN))]
        return [
            RunFolder(folder)
            for folder in folders
            if folder.name.isdigit() and folder.parents[1].name != BASELINES
        ]

    @property
    def prompts(self) -> Path:
        """The checked prompt list."""
        return self.path / PROMPTS

    @property
    def sheet(self) -> Path:
        """The contact sheet of all avatars."""
        return self.path / SHEET

    @property
    def gallery(self) -> Path:
        """The page of all avatars' pages."""
        return self.path / GALLERY

    def table(self, name: str, suffix: str = "csv") -> Path:
        """A table."""
        return self.path / TABLES / f"{name}.{suffix}"

    @property
    def scores_table(self) -> Path:
        """All scores in one table."""
        return self.path / SCORES_TABLE

    def figure(self, name: str) -> Path:
        """A figure as a picture; its PDF lies beside it."""
        return self.path / FIGURES / f"{name}.png"

    @property
    def models(self) -> Path:
        """Which model files were checked."""
        return self.path / MODELS

    def references(self, prompt: str) -> Path:
        """The folder of a prompt's reference pictures."""
        return self.path / REFERENCES / prompt

    def noised(self, prompt: str) -> Path:
        """The folder of a prompt's samples from a noised render."""
        return self.path / NOISED / prompt

    def pooled(self, variant: str) -> Path:
        """The folder of a variant's scores over all prompts, SEED/NAME.json."""
        return self.path / SCORES / variant

    def pooled_score(self, variant: str, seed: int, name: str) -> Path:
        """The file of a score over all prompts."""
        return self.pooled(variant) / str(seed) / f"{name}.json"

    def baseline(self, system: str, prompt: str) -> RunFolder:
        """Another system's renders of a prompt, laid out as a run's."""
        return RunFolder(self.path / BASELINES / system / prompt)

    def imported(self, system: str) -> Path:
        """What of another system was imported."""
        return self.path / BASELINES / system / IMPORTED

    @property
    def imported_systems(self) -> list[str]:
        """The systems whose import is whole, sorted."""
        found = sorted(self.path.glob(f"{BASELINES}/*/{IMPORTED}"))
        return [path.parent.name for path in found]

    def baseline_score(self, system: str, prompt: str, name: str) -> Path:
        """The file of another system's score; over all prompts where ``prompt`` is empty."""
        return self.path / BASELINES / system / SCORES / prompt / f"{name}.json"

    @property
    def benchmarks(self) -> Path:
        """Times of the jobs that are no run's."""
        return self.path / BENCHMARKS

    @property
    def mlflow(self) -> Path:
        """What MLflow has of the experiment."""
        return self.path / MLFLOW
