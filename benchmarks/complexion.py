"""How far an avatar's limbs lie from its face in colour: ``python complexion.py RUN ...``.

RUN is a folder of an avatar that an embedded prior with a layout head was asked for. The prior
names skin and hair in 40 views (seed 7, which no training uses for this). The table has, for arms,
legs and trunk with more than 50 Gaussians of bare skin, and for the hair, the norm of the
difference between their mean logarithm of RGB and that of the face's plain skin.
"""

import argparse
import statistics
import sys
from functools import cache, partial
from pathlib import Path

import torch

from gaussianmotion.avatar.complexion import Shown, weighted_mean
from gaussianmotion.body.face import on_face
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config import PriorConfig
from gaussianmotion.config.face import NAMES, face_path
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.training.lookahead import draw_pose
from gaussianmotion.training.regions import look_at, namer

SEED, BARE = 7, 50.0
PARTS = ("arms", "legs", "trunk")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    options = parser.parse_args()
    print(f"| avatar | {' | '.join(PARTS)} | hair |\n|---|{'---|' * len(PARTS)}---|")
    limbs: list[float] = []
    for run in options.runs:
        found = distances(run / "avatar.safetensors")
        limbs += [found[part] for part in PARTS if part in found]
        cells = [f"{found[name]:.2f}" if name in found else "-" for name in (*PARTS, "hair")]
        print(f"| {run} | {' | '.join(cells)} |", flush=True)
    print(f"limbs: {len(limbs)}, mean {statistics.mean(limbs):.3f}, largest {max(limbs):.2f}")


@cache
def prior_of(config: str) -> DiffusionPrior:
    """A prior, loaded once for all avatars of it."""
    return load_prior(PriorConfig.model_validate_json(config), "cpu")


@torch.no_grad()
def distances(avatar_file: Path) -> dict[str, float]:
    """Of each bare limb, and of the hair, to the face."""
    subject = load_subject(avatar_file)
    known = subject.metadata.config
    config = TrainSettings.model_validate({name: known[name] for name in ("prior", "train")})
    prior = prior_of(config.prior.model_dump_json())
    pose = partial(draw_pose, neck=config.prior.neck, channels=prior.condition_channels)
    avatar, body = subject.avatar, subject.body
    name = namer(prior, subject.metadata.prompt, config, SEED)
    seen_as = look_at(avatar, body, config, SEED, pose, name)
    if seen_as.regions is None:
        sys.exit(f"{avatar_file}: its prior names no regions")
    shown = Shown.of_sums(seen_as.regions)
    logs = avatar.rgb.clamp(min=0.02).log()
    face = load_marks(face_path(NAMES[0])).at(on_face(avatar.means, body))[0].share
    shares = {"hair": shown.hair * (1.0 - face)}
    for part in PARTS:
        shares[part] = shown.skin * (1.0 - face) * limb_share(avatar.smpl_weights, part)
    seen = shown.seen.sqrt()
    tone = weighted_mean(logs, shown.skin * face * seen)
    return {
        name: float((weighted_mean(logs, share * seen) - tone).norm())
        for name, share in shares.items()
        if share.sum() > BARE
    }


if __name__ == "__main__":
    main()
