"""What other ways of sampling get out of the same prior: ``python benchmarks/sampling.py DATA``.

DATA is the set of people that the training did not see (docs/how-to/prior.md). Each rule of
:data:`RULES` samples the same whole figures and heads from the same noise, and is measured as
``gaussianmotion synthesis measure-prior`` measures: outline, colours, hair. Samples are kept in
``--out``: what is there is not made again.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.guidance.sampling import ddim, ddim_timesteps
from gaussianmotion.synthesis.pictures.captions import FULL_BODY, HEAD
from gaussianmotion.synthesis.pictures.data import Shard, load_shards, read_palette
from gaussianmotion.synthesis.prior.heads import heads
from gaussianmotion.synthesis.prior.measure import poses_of
from gaussianmotion.synthesis.prior.metrics import GARMENTS, colours, silhouettes

PRIOR = Path("resources/prior")
FIGURES, HEADS, BATCH, PIXELS = 120, 60, 8, 128


@dataclass(frozen=True)
class Rule:
    """How the predictions with and without text and pose are combined.

    Attributes:
        text: Classifier-free guidance of the text.
        pose: The same of the pose, from a prediction without it; 1: none is made.
        steps: Of DDIM.
        projected: Leave out what guidance adds along the prediction itself (adaptive projected
            guidance, Sadat et al. 2024).
        until: Text guidance ends below this timestep (Kynkaanniemi et al. 2024).
        start: The same above.
    """

    text: float = 5.0
    pose: float = 1.0
    steps: int = 25
    projected: bool = False
    until: int = 0
    start: int = 1000


RULES = {
    "as measured: guidance 5, 25 steps": Rule(),
    "50 steps": Rule(steps=50),
    "guidance 3": Rule(text=3.0),
    "guidance 8": Rule(text=8.0),
    "pose guidance 1.5": Rule(pose=1.5),
    "pose guidance 2": Rule(pose=2.0),
    "text guidance up to timestep 800": Rule(start=800),
    "text guidance from 200 to 900": Rule(until=200, start=900),
    "projected": Rule(projected=True),
    "projected, guidance 8": Rule(text=8.0, projected=True),
}


@torch.no_grad()
def sample(prior: DiffusionPrior, items: Shard, rule: Rule) -> np.ndarray:
    """Pictures (N, H, W, 3) of the items' captions and poses."""
    poses, made = poses_of(items, prior.condition_channels), []
    captions = items.captions.tolist()
    for start in range(0, len(captions), BATCH):
        texts, pose = captions[start : start + BATCH], poses[start : start + BATCH]
        text = prior.encode_text([""] * len(texts) + texts)
        count = len(texts)

        def predict(x: Tensor, t: Tensor, text=text, pose=pose, count=count) -> Tensor:
            null, full = prior.predict_noise(x, t, text, pose).chunk(2)
            more = (rule.text - 1.0) * (full - null) * (rule.until <= int(t[0]) <= rule.start)
            if rule.pose != 1.0:
                without = prior.predict_noise(x, t, text[:count], None)
                more = more + (rule.pose - 1.0) * (null - without)
            if rule.projected:
                # Along the clean picture, on which noise acts by a factor of the timestep.
                level = prior.alpha_bar[t][:, None, None, None]
                clean = (x - (1.0 - level).sqrt() * full) / level.sqrt()
                unit = clean / clean.flatten(1).norm(dim=1)[:, None, None, None]
                more = more - (more * unit).sum(dim=(1, 2, 3), keepdim=True) * unit
            return full + more

        noise = prior.draw_noise(list(range(start, start + count)), PIXELS)
        timesteps = ddim_timesteps(len(prior.alpha_bar) - 1, rule.steps)
        clean = ddim(predict, prior.alpha_bar, noise, timesteps, prior.latent_limit)
        made.append(prior.decode(clean).permute(0, 2, 3, 1).numpy())
    return (np.concatenate(made) * 255.0).round().astype(np.uint8)


def measured(
    figures: np.ndarray, close: np.ndarray, items: Shard, near: Shard, palette: dict
) -> list[float]:
    """Outline, colours of garments; of heads the hair's colour, the hat and the hair's length."""
    figures, close, true, near_true = (
        pictures.astype(np.float32) / 255.0
        for pictures in (figures, close, items.images, near.images)
    )
    # The controls of the whole measure are not made here: the same pictures stand in their place.
    runs = dict.fromkeys(("conditioned", "no pose", "other pose", "other caption"), figures)
    others = np.roll(np.arange(len(items)), 1)
    found = colours(runs, true, items, palette)
    of_heads = heads({"conditioned": close, "other caption": close}, near_true, near)
    return [
        silhouettes(runs, true, items, others)["conditioned"],
        *(found[name]["right caption"] for name in GARMENTS),
        *(
            of_heads[name]["right caption"]
            for name in ("hair colour", "hat or none", "hair length")
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--out", type=Path, default=Path("results/sampling"))
    parser.add_argument("--only", nargs="+", metavar="RULE", default=list(RULES))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if unknown := set(options.only) - set(RULES):
        parser.error(f"no such rule: {', '.join(sorted(unknown))}; there are {list(RULES)}")
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    everything, palette = load_shards(options.held_out), read_palette(options.held_out)
    items = everything.take(np.flatnonzero(everything.framing == FULL_BODY)[:FIGURES])
    near = everything.take(np.flatnonzero(everything.framing == HEAD)[:HEADS])
    config = PriorConfig(model=str(PRIOR), controlnet=str(PRIOR / "controlnet"), dtype="bfloat16")
    prior = load_prior(config, "cpu")
    columns = ("rule", "outline", *GARMENTS, "hair colour", "hat or none", "hair length")
    print(f"{len(items)} figures, {len(near)} heads\n| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for name in options.only:
        path = options.out / f"{name.replace(' ', '_').replace(',', '')}.npz"
        if not path.exists():
            kept = (sample(prior, part, RULES[name]) for part in (items, near))
            np.savez(path, **dict(zip(("figures", "near"), kept, strict=True)))
        with np.load(path, allow_pickle=False) as kept:
            values = measured(kept["figures"], kept["near"], items, near, palette)
        print(f"| {name} | " + " | ".join(f"{value:.3g}" for value in values) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
