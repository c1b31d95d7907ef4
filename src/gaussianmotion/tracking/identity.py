"""Which run a folder holds, and which folders of an experiment are runs."""

from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.records.experiment_folder import BASELINES, ExperimentFolder
from gaussianmotion.runtime.errors import UserError


@dataclass(frozen=True)
class Identity:
    """Which run this is; the first four name its folder."""

    experiment: str
    variant: str
    prompt_id: str
    seed: int
    prompt: str = ""

    @property
    def name(self) -> str:
        """How the run is called in MLflow."""
        return f"{self.variant}/{self.prompt_id}/{self.seed}"

    @property
    def tags(self) -> dict[str, str]:
        """What distinguishes the run from the others of its experiment."""
        return {"variant": self.variant, "prompt_id": self.prompt_id, "seed": str(self.seed)}


def identify(folder: Path) -> Identity:
    """The identity that a run's folder names: EXPERIMENT/VARIANT/PROMPT/SEED.

    Raises:
        UserError: it is not such a folder.
    """
    parts = folder.resolve().parts[-4:]
    if len(parts) < 4 or not parts[3].isdigit() or parts[1] == BASELINES:
        raise UserError(f"{folder} is not a run; give a folder EXPERIMENT/VARIANT/PROMPT/SEED")
    experiment, variant, prompt_id, seed = parts
    return Identity(experiment, variant, prompt_id, int(seed))


def finished_runs(root: Path) -> list[Path]:
    """Folders of an experiment's finished runs, sorted."""
    return [run.path for run in ExperimentFolder(root).finished_runs]
