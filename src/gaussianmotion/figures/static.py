"""Figure 3: avatars standing in the A-pose, from the front and from their left."""

from gaussianmotion.figures.compared import draw_compared
from gaussianmotion.figures.crops import content_box
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.scene import GAP, MARGIN, FigureScene, cell, prompt_below

TITLE = "Figure 3. Avatars standing still"
_TALLEST = 2.3  # inches


def draw_static(page: Page, scene: FigureScene) -> str:
    """Pairs of views, several prompts in a row; returns the caption."""
    if scene.grid.baselines:
        return draw_compared(page, scene)
    rows = scene.rows("fig3")
    studios = [scene.studio(row.runs[0]) for row in rows]
    fronts = [studio.still(0.0) if studio else None for studio in studios]
    sides = [studio.still(90.0) if studio else None for studio in studios]
    front_box = content_box([picture for picture in fronts if picture is not None])
    side_box = content_box([picture for picture in sides if picture is not None])

    columns = min(len(rows), 5 if len(rows) > 16 else 4)
    width = (page.width - 2 * MARGIN - (columns - 1) * 2 * GAP) / columns
    aspects = front_box.aspect + side_box.aspect
    scale = (front_box.bottom - front_box.top, side_box.bottom - side_box.top)
    height = min(_TALLEST, width / aspects)
    left = (width - height * aspects) / 2
    for first in range(0, len(rows), columns):
        top, deepest = page.bottom + GAP, 0.0
        for place in range(first, min(first + columns, len(rows))):
            x = MARGIN + (place - first) * (width + 2 * GAP)
            front, side = fronts[place], sides[place]
            split = height * front_box.aspect
            if front is None or side is None:
                cell(page, x, top, width, height, None)
            else:
                cell(page, x + left, top, split, height, front_box.cut(front))
                shrunk = height * scale[1] / max(scale)
                cell(
                    page,
                    x + left + split,
                    top + (height - shrunk) / 2,
                    height * side_box.aspect,
                    shrunk,
                    side_box.cut(side),
                )
            below = prompt_below(
                page, x, top + height + 0.03, width, scene.quoted(rows[place].prompt), 4
            )
            deepest = max(deepest, below)
        page.bottom = top + height + 0.03 + deepest
    pose = {"a": "the A-pose", "t": "the T-pose", "star": "the star pose"}.get(
        scene.config.render.pose, "a standing pose"
    )
    return (
        f"Each avatar in {pose}, from the front (azimuth 0°) and from its left side (90°)."
        f"{scene.left_out('fig3', len(scene.grid.prompts))} {scene.made_of(rows)}"
    )
