"""What can be said of an avatar without any weights: protocol geometry-1.

N pictures: eight sides of the standing person at ``render.size``, eight poses that no training
drew, and two of the head; all drawn as videos are, on nothing. What each number means, and what it
can be compared with, is in the docstrings of the modules of ``scores/geometry`` that measure it:
silhouette (silhouette_iou, coverage, spill), holes, splat_cloud (floaters, splats, their sizes),
consistency (left_right, front_back, face_behind), appearance (saturation, noise, sharpness,
edge_width) and render_speed. A front_back that is small is a Janus.

A mannequin painted by hand on the bare body has silhouette_iou and coverage 1.00, holes and
floaters 0, left_right 1.2, front_back 35. What strict pruning takes away shows in coverage (hands
and feet first, which are too thin for silhouette_iou's tolerance) and in holes. More splats, more
colour or a wider skirt are neither better nor worse by themselves.
"""

from functools import partial
from pathlib import Path

from gaussianmotion.scores.geometry.settings import GeometrySettings
from gaussianmotion.scores.score import AVATAR, Measure, OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests


def _prepare(settings: GeometrySettings, device: str) -> OfRun:
    import torch

    from gaussianmotion.rendering.subject import load_subject
    from gaussianmotion.scores.geometry.measurements import DECIMALS, measure

    def of_run(run: Path) -> ScoreFile:
        path = run / AVATAR[0]
        subject = load_subject(path, device)
        with torch.no_grad():
            values, details = measure(subject, settings)
        return SCORE.file(
            {name: round(value, DECIMALS) for name, value in values.items()},
            n=details["pictures"],
            inputs=input_digests([path], run),
            details=details,
        )

    return of_run


_diagnostic = partial(Measure, diagnostic=True)
SCORE = RunScore(
    name="geometry",
    title="Geometry and appearance, no model",
    protocol="geometry-1",
    looks_at=AVATAR,
    settings=GeometrySettings,
    measures=(
        Measure("silhouette_iou", "overlap with the bare body in unseen poses, to 2 cm", "higher"),
        Measure("coverage", "share of the body's pixels that the avatar covers there", "higher"),
        Measure("holes", "share of the body's near side that is not there", "lower"),
        Measure("sharpness", "gradient of the steepest 5 %", "higher", "ΔE/cm"),
        Measure("saturation", "mean chroma", unit="C*"),
        Measure("noise", "speckle finer than a centimetre", "lower", "ΔE"),
        Measure("splats", "Gaussians"),
        _diagnostic("spill", "share of its pixels 10 cm or farther from the body"),
        _diagnostic("floaters", "share of the Gaussians not connected to the body", "lower"),
        _diagnostic("splat_size_median", "of their largest axes (standard deviations)", unit="m"),
        _diagnostic("splat_size_p99", "99 % of them are smaller", unit="m"),
        _diagnostic("left_right", "mean colour difference of mirrored views", "lower", "ΔE"),
        _diagnostic("front_back", "the same of face and back of the head", "higher", "ΔE"),
        _diagnostic("face_behind", "share of the back of the head in the face's colour", "lower"),
        _diagnostic("edge_width", "blur of the steepest edges", "lower", "cm"),
        _diagnostic("render_ms", "one frame on this computer", "lower", "ms"),
    ),
    prepare=_prepare,
)
