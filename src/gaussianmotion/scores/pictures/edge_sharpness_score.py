"""Edge sharpness of the front view: how steep its steepest edges are, without any model.

The avatar's own ``sharpness`` (geometry) needs the avatar; this one needs a picture, so that other
systems' renders have it, too. It tells blurred pictures from crisp ones and says nothing of what
they show: a diagnostic, of which no table has a column.

Protocol edge-sharpness-1: the person is what differs from the colour of the upper left corner, its
holes filled, without a rim of 2 % of the person's height. Inside, the lightness (0 to 100, of the
sRGB values) is blurred with a standard deviation of 0.3 % of that height; the number is the mean
gradient of the steepest 5 % of the pixels, in lightness per percent of the height, so that pictures
of other sizes have the same.
"""

from pathlib import Path

from gaussianmotion.config.stages import NoSettings
from gaussianmotion.scores.score import FRONT, Measure, OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests

RIM, BLUR, STEEPEST = 0.02, 0.003, 0.05
# A pixel is the person's where a channel differs by more than JPEG's noise, of 255.
UNLIKE = 12


def steepest_edges(path: Path) -> float | None:
    """The number of one picture; None where it shows nobody.

    Raises:
        UserError: the picture is missing or damaged.
    """
    import numpy as np
    from scipy import ndimage

    from gaussianmotion.runtime.pictures import read_picture

    picture = read_picture(path)
    colours = np.asarray(picture, dtype=np.int16)
    person = ndimage.binary_fill_holes((np.abs(colours - colours[0, 0]) > UNLIKE).any(axis=-1))
    rows = np.flatnonzero(person.any(axis=1))
    if not len(rows):
        return None
    height = int(rows[-1] - rows[0]) + 1
    inside = ndimage.binary_erosion(person, iterations=max(1, round(RIM * height)))
    if not inside.any():
        return None
    lightness = np.asarray(picture.convert("L"), dtype=np.float64) * (100.0 / 255.0)
    slope = ndimage.gaussian_gradient_magnitude(lightness, max(0.5, BLUR * height))[inside]
    steep = slope[slope >= np.quantile(slope, 1.0 - STEEPEST)]
    return float(steep.mean()) * height / 100.0


def _prepare(settings: NoSettings, device: str) -> OfRun:
    from gaussianmotion.scores.pictures.pictures import front_view

    def of_run(run: Path) -> ScoreFile:
        picture, _ = front_view(run)
        number = steepest_edges(picture)
        return SCORE.file(
            {"edge_sharpness": number},
            n=1,
            status="ok" if number is not None else "too few",
            reason="" if number is not None else "the picture shows nobody",
            inputs=input_digests([picture], run),
        )

    return of_run


SCORE = RunScore(
    name="edge_sharpness",
    title="Edge sharpness, no model",
    protocol="edge-sharpness-1",
    looks_at=FRONT,
    settings=NoSettings,
    measures=(
        Measure(
            "edge_sharpness",
            "lightness per percent of the person's height, at the steepest 5 %",
            "higher",
            "L/%",
            diagnostic=True,
        ),
    ),
    prepare=_prepare,
)
