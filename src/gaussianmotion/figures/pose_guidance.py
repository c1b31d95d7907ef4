"""Figure 5: what the pose image does, in the avatar and in single samples of the prior."""

from gaussianmotion.figures.crops import Picture, content_box
from gaussianmotion.figures.grid import NOISED, Row
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.posed import MotionMoment, moments
from gaussianmotion.figures.scene import GAP, MARGIN, FigureScene, cell, headings, prompt_below
from gaussianmotion.pipeline.grid import Run
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json

TITLE = "Figure 5. Pose guidance"
_SPLIT = 0.22  # inches between the avatars and the samples
_HEADINGS = (
    "input pose",
    "with pose guidance",
    "without pose guidance",
    "render, before noise",
    "sampled with the pose",
    "sampled without the pose",
)
# What avatars were trained with, as their runs say.
_TRAINED = {"True": "with pose guidance", "False": "without pose guidance"}


def draw_pose_guidance(page: Page, scene: FigureScene) -> str:
    """Input pose, avatars with and without guidance, samples of the noised render; the caption."""
    rows = scene.rows("fig5")
    shown = moments(list(scene.config.motions), len(rows))
    width = (page.width - 2 * MARGIN - 4 * GAP - _SPLIT) / 6
    xs = [MARGIN + place * (width + GAP) + (_SPLIT - GAP) * (place > 2) for place in range(6)]
    labels = list(_HEADINGS)
    for column in (1, 2):
        guided = scene.trained_with([row.runs[column - 1] for row in rows], "pose_guidance")
        labels[column] = _TRAINED.get(guided, labels[column])
    headings(page, [(x, width, label) for x, label in zip(xs, labels, strict=True)], 7.0)
    for row, moment in zip(rows, shown, strict=True):
        avatars = _avatars(scene, row.runs, moment)
        samples = [scene.noised(row.prompt, name) for name in NOISED]
        top = page.bottom + GAP / 2
        for x, picture in zip(xs, [*avatars, *samples], strict=True):
            cell(page, x, top, width, width, picture)
        across = page.width - 2 * MARGIN
        prompt_below(page, MARGIN, top + width + 0.03, across, scene.quoted(row.prompt))
    return (
        "Left: avatars trained with and without the pose image in the ControlNet, in the pose and "
        f"from the view of the first column ({', '.join(m.name for m in shown)}). Right: a "
        "front view of the avatar with guidance, and what the prior makes of it, noised to "
        f"t = {_timestep(scene, rows)} of 1000, with and without the pose image."
        f"{scene.left_out('fig5', len(scene.grid.ablation_prompts))} {scene.made_of(rows)}"
    )


def _timestep(scene: FigureScene, rows: list[Row]) -> int:
    """As the samples say it; the paper's where there are none."""
    folder = ExperimentFolder(scene.root)
    facts = [found_json(folder.noised(row.prompt) / "noised.json") for row in rows]
    return next((int(fact["timestep"]) for fact in facts if "timestep" in fact), 600)


def _avatars(
    scene: FigureScene, runs: tuple[Run | None, ...], moment: MotionMoment
) -> list[Picture | None]:
    """Input pose and both avatars, cut to one square around them."""
    studios = [scene.studio(run) for run in runs]
    first = next((studio for studio in studios if studio), None)
    if first is None:
        return [None, None, None]
    pose = first.pose_pictures([moment])[0]
    pictures = [studio.posed([moment])[0] if studio else None for studio in studios]
    box = content_box([pose, *(p for p in pictures if p is not None)]).squared()
    return [box.cut(pose), *(None if p is None else box.cut(p) for p in pictures)]
