"""One fault: what runs, what is done to it, what is right then, and how it goes on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.processes import PATIENCE, Running

Change = Callable[[Path], None]
Strike = Callable[[Running], None]
Around = Callable[[Path], AbstractContextManager[None]]

RUN = "results/tiny/ours/ann/0"
AVATAR = f"{RUN}/avatar.safetensors"
CONFIG = ("--config", "tiny.yaml")
# The stages, each as a command of the finished experiment. A training trains another avatar.
TRAIN = ("train", *CONFIG, "--prompt", "a man in a suit", "--out", "new", "--set", "train.steps=8",
         "--keep-checkpoint")  # fmt: skip
RENDER = ("render", *CONFIG, "--avatar", AVATAR, "--out", "new")
SCORE = ("score", "geometry", *CONFIG, "--run", RUN, "--out", "new/geometry.json")
COLLECT = ("collect", *CONFIG, "--root", "results/tiny", "--out", "new/scores.csv")
TABLE = ("table", "table1", *CONFIG, "--scores", "scores.csv", "--out", "new/table1")
STAGES = {
    "training": TRAIN,
    "rendering": RENDER,
    "scoring": SCORE,
    "collecting": COLLECT,
    "a table": TABLE,
}
LOG = ("log", RUN, *CONFIG, "--out", "new/logged.json", "--set", "tracking.enabled=true")
SYNC = ("sync", *CONFIG, "--set", "tracking.enabled=true")
# Exit codes of a command that was asked to end, or was done before.
STOPPED = (0, 130)
KILLED = (0, -9)


def nothing(_: object) -> None:
    """Do nothing."""


@contextmanager
def nowhere(_: Path) -> Iterator[None]:
    """Nothing is around the command."""
    yield


@dataclass(frozen=True)
class Fault:
    """A declaration of a few lines.

    Attributes:
        name: What happens, for people.
        run: Arguments of ``gaussianmotion``, or of ``snakemake`` where that is the first.
        strike: What is done to the command while it runs.
        before: What is done to the folder first.
        around: What holds while the command runs and is gone when it is run again, such as a full
            disk.
        within: What is done in the command's own process before it starts.
        stays: Whether that is done in the second run, too.
        codes: Exit codes that are right.
        says: Regular expression of what the messages must hold.
        silent: Regular expression of what they may not hold.
        again: The second run; the same command where not given, none where it is empty.
        makes: Whether both runs together must leave what an undisturbed one leaves.
        moments: Whether it is struck at several random moments.
        check: What else must be true at last: returns what is wrong.
        seconds: The first run must end within so many.
        environment: Variables of both processes.
    """

    name: str
    run: tuple[str, ...]
    strike: Strike = nothing
    before: Change = nothing
    around: Around = nowhere
    within: Callable[[], None] | None = None
    stays: bool = False
    codes: tuple[int, ...] = (2,)
    says: str = ""
    silent: str = ""
    again: tuple[str, ...] | None = None
    makes: bool = True
    moments: bool = False
    check: Callable[[Path], str] | None = None
    seconds: float = PATIENCE
    environment: tuple[tuple[str, str], ...] = ()


def together(*changes: Change) -> Change:
    """Several changes, one after the other."""

    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change
