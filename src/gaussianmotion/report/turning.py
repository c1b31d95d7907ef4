"""The variants of a prompt side by side, turning together: their turntables as one small video.

One picture holds all of them, so they are in step whatever a browser does; each video is played,
stopped and turned by hand as one.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.rendering.video import PLAIN, decode, write_video
from gaussianmotion.report import media
from gaussianmotion.report.runs import RunFacts

#: Bytes of these videos on a page, and the heights in pixels from which they are made to fit.
BUDGET = 4_000_000
HEIGHTS = (224, 176, 128, 96)
#: A turn, and how many frames of it are enough.
SECONDS, FRAMES = 6.0, 72


@dataclass(frozen=True)
class Turning:
    """One video of several avatars.

    Attributes:
        uri: The .mp4 as a data URI.
        variants: From left to right.
        seed: Of all of them.
        width: Pixels of the whole picture.
        height: Likewise.
    """

    uri: str
    variants: list[str]
    seed: int
    width: int
    height: int


def turning_together(prompts: Mapping[str, Sequence[RunFacts]]) -> dict[str, Turning]:
    """Videos of the prompts of which at least two variants have turntables of one seed.

    Args:
        prompts: Runs by prompt.

    Raises:
        UserError: a turntable is damaged.
    """
    chosen = {prompt: comparable(runs) for prompt, runs in prompts.items()}
    chosen = {prompt: runs for prompt, runs in chosen.items() if len(runs) > 1}
    tiles = sum(map(len, chosen.values()))
    made: dict[str, Turning] = {}
    heights = list(HEIGHTS)
    for prompt, runs in chosen.items():
        made[prompt] = side_by_side(runs, heights[0])
        # The first one tells how large all will be.
        while len(made) == 1 and len(heights) > 1 and _bytes(made[prompt], tiles) > BUDGET:
            heights.pop(0)
            made[prompt] = side_by_side(runs, heights[0])
    return made


def comparable(runs: Sequence[RunFacts]) -> list[RunFacts]:
    """Of a prompt's runs those of one seed that have a turntable, the first of each variant.

    The seed is the one that most variants have, of several the least.
    """
    drawn = [run for run in runs if run.folder.turntable.is_file()]
    by_seed: dict[int, dict[str, RunFacts]] = {}
    for run in drawn:
        by_seed.setdefault(run.run.seed, {}).setdefault(run.run.variant, run)
    if not by_seed:
        return []
    seed = min(by_seed, key=lambda seed: (-len(by_seed[seed]), seed))
    return list(by_seed[seed].values())


def side_by_side(runs: Sequence[RunFacts], height: int) -> Turning:
    """One video of the turntables of some runs.

    Args:
        runs: From left to right.
        height: Pixels.

    Raises:
        UserError: a turntable is damaged.
    """
    turns = [list(decode(run.folder.turntable, height)) for run in runs]
    count = min(FRAMES, max(map(len, turns)))
    frames = [
        np.concatenate([_at(turn, index / count) for turn in turns], axis=1)
        for index in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turning.mp4"
        facts = write_video(path, frames, count / SECONDS, PLAIN)
        uri = media.video(path)
    return Turning(
        uri, [run.run.variant for run in runs], runs[0].run.seed, facts.width, facts.height
    )


def _at(turn: Sequence[UInt8[ndarray, "H W 3"]], share: float) -> UInt8[ndarray, "H W 3"]:
    """The frame of a share of the turn; variants may have been filmed in unlike steps."""
    return turn[min(int(share * len(turn)), len(turn) - 1)]


def _bytes(one: Turning, tiles: int) -> float:
    """What all tiles of a page take, judged by one video."""
    return 0.75 * len(one.uri) * tiles / len(one.variants)
