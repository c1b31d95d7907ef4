"""Where everything of one run lies: its training, pictures, scores, and what MLflow got of it.

A run's folder is ``EXPERIMENT/VARIANT/PROMPT/SEED``. That of another system's renders looks alike,
as far as it goes (:mod:`.experiment_folder`). The rules of the workflow have these names once more,
in their outputs; no other module of the package spells one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a training leaves.
AVATAR = "avatar.safetensors"
RECORD = "run.json"
CURVES = "curves.csv"
PREVIEWS = "previews"
CHECKPOINT = "checkpoint.pt"
LOCK = ".lock"
# What is drawn of the avatar.
VIEWS_RECORD = "views.json"
VIEWS = "views"
FRONT = "front.png"
TURNTABLE = "turntable.mp4"
MOTIONS = "motions"  # a motion may have any name, also that of another file of the run
VIDEO = ".mp4"
SHEET = "sheet.png"
# What it is exported as, on request.
PAGE = "avatar.html"
MESH = "avatar.glb"
PLY = "avatar.ply"
SPZ = "avatar.spz"
SPLATS = "avatar_splats.glb"
#: The same by what the configuration's ``export`` calls them.
EXPORTS = {"viewer": PAGE, "ply": PLY, "spz": SPZ, "splat_glb": SPLATS, "mesh_glb": MESH}
# What is measured, and sent.
SCORES = "scores"
BENCHMARKS = "benchmarks"
LOGS = "logs"
SYSTEM = "system.csv"
MLFLOW = "mlflow.json"
LOGGED = "logged.json"

#: Patterns of what a run has to show, below its folder.
PICTURES = f"{VIEWS}/*.png"
VIDEOS = (TURNTABLE, f"{MOTIONS}/*{VIDEO}")


def view_name(index: int) -> str:
    """The still view of a number, below the run's folder."""
    return f"{VIEWS}/{index:02d}.png"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; nothing needs to be there.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def variant(self) -> str:
        """The variant that it is of, by its place."""
        return self.path.parents[1].name

    @property
    def prompt(self) -> str:
        """The id of its prompt, by its place."""
        return self.path.parent.name

    @property
    def avatar(self) -> Path:
        """The trained avatar."""
        return self.path / AVATAR

    @property
    def record(self) -> Path:
        """How the avatar came about; it is there once the training is finished."""
        return self.path / RECORD

    @property
    def is_finished(self) -> bool:
        """Whether the training is done."""
        return self.record.is_file()

    @property
    def curves(self) -> Path:
        """Losses and counts by step."""
        return self.path / CURVES

    @property
    def checkpoint(self) -> Path:
        """What an unfinished training goes on from."""
        return self.path / CHECKPOINT

    def preview(self, step: int) -> Path:
        """The picture of a step of the training."""
        return self.path / PREVIEWS / f"step_{step:05d}.png"

    @property
    def previews(self) -> list[Path]:
        """All pictures of the training that are there, by step."""
        return sorted((self.path / PREVIEWS).glob("*.png"))

    def remove_previews(self) -> None:
        """Remove the pictures of an earlier training, before another one begins."""
        for path in self.previews:
            path.unlink(missing_ok=True)

    @property
    def views_record(self) -> Path:
        """What the still pictures show."""
        return self.path / VIEWS_RECORD

    @property
    def front(self) -> Path:
        """The picture from the front."""
        return self.path / FRONT

    @property
    def turntable(self) -> Path:
        """The video around the avatar."""
        return self.path / TURNTABLE

    @property
    def views(self) -> list[Path]:
        """The still views that are there, from the back on."""
        return sorted(self.path.glob(PICTURES))

    def video(self, motion: str) -> Path:
        """The video of a motion."""
        return self.path / MOTIONS / f"{motion}{VIDEO}"

    @property
    def videos(self) -> list[Path]:
        """The videos of motions that are there."""
        return sorted((self.path / MOTIONS).glob(f"*{VIDEO}"))

    @property
    def all_videos(self) -> Iterator[Path]:
        """The turntable first, then those of motions."""
        for pattern in VIDEOS:
            yield from sorted(self.path.glob(pattern))

    @property
    def sheet(self) -> Path:
        """The contact sheet."""
        return self.path / SHEET

    @property
    def page(self) -> Path:
        """The page in which the avatar can be turned and moved."""
        return self.path / PAGE

    def score(self, name: str) -> Path:
        """The file of a score of this avatar."""
        return self.path / SCORES / f"{name}.json"

    @property
    def scores(self) -> list[Path]:
        """The files of scores that are there."""
        return sorted((self.path / SCORES).glob("*.json"))

    @property
    def benchmarks(self) -> Path:
        """Times of the jobs."""
        return self.path / BENCHMARKS

    @property
    def mlflow(self) -> Path:
        """What MLflow has of the run."""
        return self.path / MLFLOW

    @property
    def logged(self) -> Path:
        """Whether the workflow's job could log the run."""
        return self.path / LOGGED


def record_beside(video: Path) -> Path:
    """What the video of a motion shows: a record of the same name beside it."""
    return video.with_suffix(".json")
