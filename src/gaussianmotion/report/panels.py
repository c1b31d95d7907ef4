"""What the report shows of each prompt: its variants side by side, and each run by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.pipeline.grid import Grid, Run, main_variant
from gaussianmotion.report import media
from gaussianmotion.report.beside import Link, exported, href
from gaussianmotion.report.runs import RunFacts
from gaussianmotion.report.turning import Turning, turning_together


@dataclass(frozen=True)
class ShownVideo:
    """A video: inlined where ``uri`` is not empty, else a link to its file beside the report."""

    name: str
    uri: str
    href: str


@dataclass(frozen=True)
class Panel:
    """One run in the comparison of a prompt's variants."""

    facts: RunFacts
    sheet: media.Inlined | None
    poster: media.Inlined | None
    clips: list[ShownVideo]
    files: list[Link]


@dataclass(frozen=True)
class PromptPanels:
    """A prompt and all its runs; its variants side by side where there are several."""

    id: str
    text: str
    panels: list[Panel]
    turning: Turning | None

    @property
    def variants(self) -> list[str]:
        """Each once, in the order of the grid."""
        return list(dict.fromkeys(panel.facts.run.variant for panel in self.panels))

    @property
    def seeds(self) -> list[int]:
        """Each once, in order."""
        return sorted({panel.facts.run.seed for panel in self.panels})


def prompt_panels(grid: Grid, runs: Sequence[RunFacts], out: Path) -> list[PromptPanels]:
    """The prompts of an experiment that have runs.

    Args:
        grid: The experiment.
        runs: Of it.
        out: The page; links to large videos are relative to it.

    Raises:
        UserError: a picture or a turntable is damaged.
    """
    sheets = [run.folder.sheet for run in runs if run.folder.sheet.exists()]
    width = media.sheet_width(sheets)
    shown = set(_first_seeds(grid))
    left = media.VIDEOS_BUDGET
    by_prompt = {
        prompt.id: [run for run in runs if run.run.prompt == prompt.id]
        for prompt in grid.prompts.values()
    }
    turning = turning_together(by_prompt)
    found = []
    for prompt in grid.prompts.values():
        panels = []
        for run in by_prompt[prompt.id]:
            sheet = run.folder.sheet
            clips, used = _clips(run, out, left if run.run in shown else 0)
            left -= used
            panels.append(
                Panel(
                    run,
                    media.sheet(sheet, width) if sheet.exists() else None,
                    _poster(run, clips),
                    clips,
                    exported(run.folder.path, out),
                )
            )
        if panels:
            found.append(PromptPanels(prompt.id, prompt.text, panels, turning.get(prompt.id)))
    return found


def _first_seeds(grid: Grid) -> list[Run]:
    """The main variant's first run of each prompt, whose videos are inlined."""
    first: dict[str, Run] = {}
    for run in grid.main:
        if run.variant == main_variant(grid.main):
            first.setdefault(run.prompt, run)
    return list(first.values())


def _clips(run: RunFacts, out: Path, budget: int) -> tuple[list[ShownVideo], int]:
    """The run's videos, inlined as long as they fit into a budget of bytes, and what they took."""
    clips, used = [], 0
    for path in run.folder.all_videos:
        size = path.stat().st_size
        inline = size <= media.VIDEO_LIMIT and used + size <= budget
        used += size if inline else 0
        clips.append(ShownVideo(path.stem, media.video(path) if inline else "", href(path, out)))
    return clips, used


def _poster(run: RunFacts, clips: list[ShownVideo]) -> media.Inlined | None:
    """What inlined videos show before they are played."""
    front = run.folder.front
    if not front.exists() or not any(clip.uri for clip in clips):
        return None
    return media.picture(front, media.POSTER_WIDTH)
