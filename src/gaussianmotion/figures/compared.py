"""Figure 3 beside other systems whose renders were brought: a column for each system."""

from numpy import ndarray

from gaussianmotion.figures.crops import content_box
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.scene import GAP, MARGIN, FigureScene, cell, headings, prompt_below
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.rendering.run_files import read_run

# Front and side, RGB of any two sizes.
Pair = tuple[ndarray, ndarray]
# Prompts that fit a page.
ROWS = 6
_TALLEST = 1.6  # inches


def draw_compared(page: Page, scene: FigureScene) -> str:
    """Prompts down, systems across, front and side of each; returns the caption.

    Every picture is cut to its person: the systems' cameras and distances differ.
    """
    rows = scene.rows("fig3")[:ROWS]
    systems = scene.grid.baselines
    count = len(systems) + 1
    width = (page.width - 2 * MARGIN - (count - 1) * GAP) / count
    xs = [MARGIN + place * (width + GAP) for place in range(count)]
    headings(page, [(x, width, name) for x, name in zip(xs, [*systems, "Ours"], strict=True)])
    for row in rows:
        pairs = [_brought(scene, system, row.prompt) for system in systems]
        studio = scene.studio(row.runs[0])
        pairs.append(_cut((studio.still(0.0), studio.still(90.0))) if studio else None)
        top = page.bottom + GAP / 2
        height = min([_TALLEST, *(width / _aspect(pair) for pair in pairs if pair)])
        for x, pair in zip(xs, pairs, strict=True):
            if pair is None:
                cell(page, x, top, width, height, None)
                continue
            x += (width - height * _aspect(pair)) / 2
            for picture in pair:
                across = height * picture.shape[1] / picture.shape[0]
                cell(page, x, top, across, height, picture)
                x += across
        below = page.width - 2 * MARGIN
        prompt_below(page, MARGIN, top + height + 0.03, below, scene.quoted(row.prompt))
    total = len(scene.grid.prompts)
    left_out = f" The first {ROWS} of {total} prompts." if total > ROWS else ""
    return (
        "Each avatar from the front and from its left side. Ours: azimuths 0° and 90°; other "
        "systems: their brought views nearest to these. Each picture is cut to the person and "
        f"scaled to one height.{left_out} {scene.made_of(rows, views=True)}"
    )


def _brought(scene: FigureScene, system: str, prompt: str) -> Pair | None:
    folder = ExperimentFolder(scene.root).baseline(system, prompt)
    if not folder.views_record.exists():
        return None
    run = read_run(folder.path)
    return _cut((run.still(0.0), run.still(90.0)))


def _cut(pair: Pair) -> Pair:
    """Both pictures cut to the same rows, each to its own columns."""
    both = content_box(pair)
    front, side = (
        content_box([picture]).with_rows(both.top, both.bottom).cut(picture) for picture in pair
    )
    return front, side


def _aspect(pair: Pair) -> float:
    return sum(picture.shape[1] / picture.shape[0] for picture in pair)
