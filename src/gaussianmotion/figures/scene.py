"""What a figure draws from: an experiment's folder, its grid, and its avatars."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.config.stages import FigureSettings
from gaussianmotion.figures.grid import ROWS, Row, figure_rows
from gaussianmotion.figures.page import QUIET, Page, is_drawable
from gaussianmotion.figures.posed import Studio
from gaussianmotion.figures.provenance import provenance, trained_with
from gaussianmotion.pipeline.grid import Grid, Run
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.rendering.run_files import read_image

Picture = UInt8[ndarray, "H W 3"]
WIDTH, MARGIN, GAP = 7.1, 0.06, 0.08  # inches: two columns of a paper
EMPTY_HEIGHT = 0.5  # inches of a row in which every cell is empty
ABSENT = "not in this experiment"


@dataclass
class FigureScene:
    """An experiment to draw from.

    Attributes:
        root: Folder of the experiment.
        grid: Its runs.
        config: Of rendering; of the motions.
        device: Where to render.
    """

    root: Path
    grid: Grid
    config: FigureSettings
    device: str
    _studios: dict[Run, Studio] = field(default_factory=dict)

    def rows(self, figure: str) -> list[Row]:
        """Prompts down, variants across."""
        return figure_rows(figure, self.grid)

    def studio(self, run: Run | None) -> Studio | None:
        """The run's avatar, ready to be drawn; None where there is none."""
        if run is None:
            return None
        path = run.below(self.root).avatar
        if run not in self._studios and path.exists():
            self._studios[run] = Studio(path, self.config, self.device)
        return self._studios.get(run)

    def front(self, run: Run | None) -> Picture | None:
        """The run's ``front.png``; None where there is none."""
        path = run.below(self.root).front if run else None
        return read_image(path) if path and path.exists() else None

    def noised(self, prompt: str, name: str) -> Picture | None:
        """A picture of ``noised/PROMPT``; None where there is none."""
        path = ExperimentFolder(self.root).noised(prompt) / name
        return read_image(path) if path.exists() else None

    def text(self, prompt: str) -> str:
        """A prompt's sentence."""
        return self.grid.prompts[prompt].text

    def quoted(self, prompt: str) -> str:
        """A prompt's sentence for below its pictures; with its id where letters cannot be drawn."""
        text = self.text(prompt)
        return f"“{text}”" if is_drawable(text) else f"“{text}” ({prompt})"

    def trained_with(self, runs: Iterable[Run | None], key: str) -> str:
        """What avatars have in their configuration, below ``train``."""
        return trained_with(self.root, runs, key)

    def made_of(self, rows: list[Row], views: bool = False) -> str:
        """How the avatars of some rows were made, for a caption.

        Args:
            rows: Of a figure.
            views: Whether it shows their still views, and not what is drawn for it alone.
        """
        runs = [run for row in rows for run in row.runs if run is not None]
        return provenance(self.root, runs, views)

    def left_out(self, figure: str, prompts: int) -> str:
        """How many prompts a figure shows, where it does not show all."""
        limit = ROWS[figure]
        return f" The first {limit} of {prompts} prompts." if prompts > limit else ""


def new_page() -> Page:
    """An empty page, as wide as the text of a paper."""
    return Page(WIDTH, MARGIN)


def headings(page: Page, labels: list[tuple[float, float, str]], size: float = 7.5) -> None:
    """Column headings side by side: left edge, width, text; they end on one line."""
    top = page.bottom
    page.bottom = top + max(
        page.text(x, top, label, width, size, 2, bold=True) for x, width, label in labels
    )
    page.bottom += 0.05


def cell(
    page: Page, x: float, y: float, width: float, height: float, picture: Picture | None
) -> None:
    """A picture, or a box that says that there is none."""
    if picture is None:
        page.empty(x, y, width, height, ABSENT)
    else:
        page.picture(x, y, width, height, picture)


def prompt_below(page: Page, x: float, y: float, width: float, text: str, lines: int = 2) -> float:
    """:meth:`FigureScene.quoted` under its pictures; returns its height."""
    return page.text(x, y, text, width, 7.0, lines)


def finish(page: Page, title: str, caption: str) -> None:
    """Title and caption under the pictures, and the page's lower edge."""
    width = page.width - 2 * MARGIN
    top = page.bottom + 0.1
    page.caption_top = top - 0.03  # above the line
    page.rule(MARGIN, top, width)
    page.text(MARGIN, top + 0.06, title, width, 7.5, 2, bold=True, align="left")
    page.text(MARGIN, page.bottom + 0.02, caption, width, 6.5, 12, QUIET, align="left")
    page.bottom += MARGIN
