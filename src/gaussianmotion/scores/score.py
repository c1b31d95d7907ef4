"""What a score is: one declaration, from which configuration, models, tables and docs follow.

A score is one file ``scores/ROOM/NAME_score.py`` that holds ``SCORE``. Such a file imports nothing
heavy at its top, since help texts and the workflow read all declarations; what computes is imported
by ``prepare``, which runs once for any number of avatars, so that a network loads once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gaussianmotion.config import Config
from gaussianmotion.config.section import Section
from gaussianmotion.models.sources import WeightsName
from gaussianmotion.pipeline.stage import narrow
from gaussianmotion.records import run_folder
from gaussianmotion.scores.score_file import ScoreFile, Value

Better = Literal["higher", "lower", "none"]
#: What a score may look at: files of a run's folder.
FRONT = (run_folder.FRONT, run_folder.VIEWS_RECORD)
VIEWS = (run_folder.VIEWS_RECORD, run_folder.PICTURES)
AVATAR = (run_folder.AVATAR,)
#: A number, or a number with both ends of its interval, which may be None.
Number = float | tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Measure:
    """One number of a score.

    Attributes:
        name: Its name in score files, and its column's in tables.
        title: What it says, in a few words.
        better: Which direction is better; ``none`` for a description such as a count.
        unit: Its unit; empty for a share or a pure number.
        diagnostic: Whether it stands in score files and ``scores.csv`` only: no table has a column
            of it, and no claim rests on it.
        paired: Whether it compares pictures of one prompt only: Table 1 shows its difference to
            ours, prompt by prompt.
        note: What whoever compares its numbers must know; a line below each table that shows it.
    """

    name: str
    title: str
    better: Better = "none"
    unit: str = ""
    diagnostic: bool = False
    paired: bool = False
    note: str = ""


@dataclass(frozen=True)
class Score:
    """The declaration of a score.

    Attributes:
        name: Its key in ``scores.names``; that of its file, without ``_score``.
        title: What tables call it where its results do not name their model.
        protocol: Name and version: "clip-1". A change that changes numbers is a new version.
        looks_at: Files of a run that it reads: :data:`FRONT`, :data:`VIEWS` or :data:`AVATAR`.
        settings: Model of the configuration's keys that it may read.
        measures: Its numbers, in the tables' order.
        weights: Sections of ``models`` with the weights that it needs: large networks.
        ships: Files that come with the repository and that decide its numbers.
        package: Module and package of an optional library that it needs.
    """

    name: str
    title: str
    protocol: str
    looks_at: tuple[str, ...]
    settings: type[Section]
    measures: tuple[Measure, ...]
    weights: tuple[WeightsName, ...] = ()
    ships: Callable[[Config], Sequence[Path]] = lambda config: ()
    package: tuple[str, str] | None = None

    @property
    def of_pictures(self) -> bool:
        """Whether it looks at pictures alone, so that other systems' renders have it, too."""
        return self.looks_at != AVATAR

    def files(self, views: int) -> list[str]:
        """What it looks at, name by name, of a run with so many views."""
        numbered = [run_folder.view_name(index) for index in range(views)]
        return [
            name
            for pattern in self.looks_at
            for name in (numbered if pattern == VIEWS[-1] else [pattern])
        ]

    @property
    def pooled(self) -> bool:
        """Whether it is of many avatars together."""
        return isinstance(self, PooledScore)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the measures that tables show."""
        return tuple(measure.name for measure in self.measures if not measure.diagnostic)

    def measure(self, name: str) -> Measure | None:
        """A measure by its name; None where this version of the score has none such."""
        return next((measure for measure in self.measures if measure.name == name), None)

    def file(
        self, values: Mapping[str, Number | None], n: int, title: str = "", **facts: object
    ) -> ScoreFile:
        """The file of some numbers, with what the declaration says of each.

        Args:
            values: By the measures' names, in any order; None where there is no number.
            n: Number of pictures (or frames, or samples) that they are of.
            title: The score's name with its model, where the model is the configuration's.
            **facts: Further fields of the file.
        """
        found = {}
        for measure in self.measures:
            number = values.get(measure.name)
            if number is not None:
                value, low, high = number if isinstance(number, tuple) else (number, None, None)
                found[measure.name] = Value(
                    value=value, unit=measure.unit, better=measure.better, low=low, high=high
                )
        kept = {"score": self.name, "title": title or self.title, "protocol": self.protocol}
        return ScoreFile.model_validate({**kept, "n": n, "values": found, **facts})


OfRun = Callable[[Path], ScoreFile]
OfRuns = Callable[[Sequence[Path], Sequence[Path]], ScoreFile]


@dataclass(frozen=True, kw_only=True)
class RunScore(Score):
    """A score of one avatar.

    Attributes:
        prepare: Of its settings and the device ("cpu", "cuda") the function that scores the
            run whose folder it is given. Both raise UserError where something is missing, damaged
            or not finite.
        slow_start: Whether what it computes with takes longer to load than one avatar to score.
    """

    prepare: Callable[[Any, str], OfRun]
    slow_start: bool = False

    @property
    def together(self) -> bool:
        """Whether the workflow scores all avatars of a variant in one job, which loads it once."""
        return self.slow_start or bool(self.weights)

    def __call__(self, run: Path, config: Config, device: str = "cpu") -> ScoreFile:
        """Score one run."""
        return self.prepare(narrow(config, self.settings), device)(run)


@dataclass(frozen=True, kw_only=True)
class PooledScore(Score):
    """A score of many avatars together, against references of the same prompts.

    Attributes:
        prepare: Of its settings and the device the function that is given the runs' folders
            and, for each, the folder of the references of its prompt.
    """

    prepare: Callable[[Any, str], OfRuns]

    def __call__(
        self,
        runs: Sequence[Path],
        references: Sequence[Path],
        config: Config,
        device: str = "cpu",
    ) -> ScoreFile:
        """Score the runs; ``references[i]`` is the folder of the references of ``runs[i]``."""
        return self.prepare(narrow(config, self.settings), device)(runs, references)
