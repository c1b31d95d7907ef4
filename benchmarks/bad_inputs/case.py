"""One bad input: what is changed, what is run, and what is right."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Change = Callable[[Path], None]
RUN = "results/tiny/ours/ann/0"
AVATAR = f"{RUN}/avatar.safetensors"
# Folders of a finished run, and how a training of a few steps is asked for.
CONFIG = ("--config", "tiny.yaml")
TRAIN = ("train", *CONFIG, "--prompt", "a man in a suit", "--out", "new")
PROMPTS = ("prompts", *CONFIG, "--out", "prompts.out.tsv")
DRY_RUN = ("snakemake", "--configfile", "tiny.yaml", "--cores", "1", "-n")


def nothing(folder: Path) -> None:
    """Change nothing: the command itself is what is wrong."""


@dataclass(frozen=True)
class Case:
    """A declaration of three lines: name, what to run, what it must say.

    Attributes:
        name: The input, for people.
        run: Arguments of ``gaussianmotion``, or of ``snakemake`` where that is the first.
        says: Regular expression of what the messages must hold.
        change: What is done to the folder before.
        code: The exit code that is right.
        makes: Files that an exit code of 0 stands for.
        folder: Where it is run, below the folder of the campaign.
        environment: Variables of the process.
    """

    name: str
    run: tuple[str, ...]
    says: str = ""
    change: Change = nothing
    code: int = 2
    makes: tuple[str, ...] = ()
    folder: str = "."
    environment: tuple[tuple[str, str], ...] = ()


def keys(*settings: str) -> tuple[str, ...]:
    """``--set`` for each of some keys."""
    return tuple(part for setting in settings for part in ("--set", setting))


def written(name: str, content: str | bytes) -> Change:
    """A change that writes a file."""

    def change(folder: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return change
