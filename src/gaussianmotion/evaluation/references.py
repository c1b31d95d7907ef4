"""Reference images: what the text-to-image model makes of a prompt, without any pose.

The renders' distribution is compared with them (Table 1). The paper samples 10 images of each
prompt from SD1.5, as it is; so do we. The embedded prior was trained on captions that also name
framing and ground, so the laptop's experiment adds those of the renders (``reference.suffix``) and
leaves out the view, as the renders show all of them.

An interrupted call keeps its finished batches in ``unfinished/`` and goes on with them. Batches are
the same every time, since half precision rounds differently in batches of another size.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, PngImagePlugin
from torch import Tensor

from gaussianmotion.atomic import atomic_path, write_json
from gaussianmotion.config import PriorConfig, ReferenceConfig
from gaussianmotion.evaluation.score_file import file_digest
from gaussianmotion.guidance.prior import DiffusionPrior, load_prior
from gaussianmotion.models import pinned_revision, prior_digests

PROTOCOL = "reference-1"
_UNFINISHED = "unfinished"
_KEY = "gaussianmotion-sample"


def sample_references(
    prompt_id: str,
    prompt: str,
    out_dir: Path,
    prior_config: PriorConfig,
    config: ReferenceConfig,
    device: torch.device | str = "cpu",
) -> Path:
    """Write ``00.png ...`` and ``reference.json``.

    Args:
        prompt_id: Name of the prompt; it decides the seeds, together with ``config.seed``.
        prompt: The user's sentence.
        out_dir: Folder of this prompt's references.
        prior_config: The text-to-image model.
        config: How many, and how they are sampled.
        device: Where to sample.

    Returns:
        The path of ``reference.json``.

    Raises:
        UserError: the prior is not here, or the folder cannot be written.
    """
    text = reference_text(prompt, prior_config.prompt_suffix, config.suffix)
    seeds = [sample_seed(config.seed, prompt_id, index) for index in range(config.count)]
    digests = prior_digests(prior_config, pose=False)
    device = torch.device(device)
    settings = {
        "text": text,
        "steps": config.steps,
        "guidance_scale": config.guidance_scale,
        "dtype": prior_config.dtype,
        "device": device.type,
        "weights_sha256": digests,
    }
    work = out_dir / _UNFINISHED
    prior: DiffusionPrior | None = None
    for start in range(0, config.count, config.batch):
        indices = range(config.count)[start : start + config.batch]
        chosen = [seeds[index] for index in indices]
        names = [work / f"{index:02d}.png" for index in indices]
        identity = _identity({**settings, "seeds": chosen})
        if all(_finished(path, identity) for path in names):
            continue
        prior = prior or load_prior(prior_config, device)
        images = prior.sample(
            [text] * len(chosen),
            steps=config.steps,
            guidance_scale=config.guidance_scale,
            noise=prior.draw_noise(chosen),
        )
        for path, image in zip(names, images, strict=True):
            save_sample(path, image, identity)
        print(f"reference: {prompt_id}: {indices[-1] + 1} of {config.count}", file=sys.stderr)
    return _publish(prompt_id, prompt, out_dir, prior_config, seeds, settings)


def reference_text(prompt: str, *suffixes: str) -> str:
    """The sentence that is sampled: the user's without its full stop, then further words."""
    parts = [prompt.strip().rstrip(".").rstrip(), *(suffix.strip() for suffix in suffixes)]
    return ", ".join(part for part in parts if part)


def sample_seed(seed: int, prompt_id: str, index: int) -> int:
    """Seed of one sample: another one for each prompt, the same in every list of prompts."""
    digest = hashlib.sha256(f"{seed}/{prompt_id}/{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def save_sample(path: Path, image: Float[Tensor, "3 H W"], identity: str = "") -> None:
    """Write RGB in [0, 1] as PNG, atomically; ``identity`` goes into its text."""
    pixels = (image.float().clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    notes = PngImagePlugin.PngInfo()
    if identity:
        notes.add_text(_KEY, identity)
    with atomic_path(path) as temporary:
        picture = Image.fromarray(np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy()))
        picture.save(temporary, pnginfo=notes)


def _identity(settings: dict[str, object]) -> str:
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _finished(path: Path, identity: str) -> bool:
    """Whether an earlier call has made this very sample, whole."""
    try:
        with Image.open(path) as image:
            image.load()
            return getattr(image, "text", {}).get(_KEY) == identity
    except (OSError, SyntaxError, ValueError):
        return False


def _publish(
    prompt_id: str,
    prompt: str,
    out_dir: Path,
    prior_config: PriorConfig,
    seeds: Sequence[int],
    settings: dict[str, object],
) -> Path:
    """Copy the finished samples to their places; what is unfinished goes last, after the JSON."""
    names = [f"{index:02d}.png" for index in range(len(seeds))]
    for stale in {path.name for path in out_dir.glob("[0-9]*.png")} - set(names):
        (out_dir / stale).unlink()  # of an earlier call with more samples
    for name in names:
        with atomic_path(out_dir / name) as temporary:
            shutil.copyfile(out_dir / _UNFINISHED / name, temporary)
    with Image.open(out_dir / names[0]) as first:
        width, height = first.size
    facts = {
        "protocol": PROTOCOL,
        "prompt_id": prompt_id,
        "prompt": prompt,
        "model": prior_config.model,
        "revision": pinned_revision(prior_config.model, prior_config.revision),
        **settings,
        "size": [width, height],
        "samples": [
            {"id": name.removesuffix(".png"), "file": name, "seed": seed}
            | {"sha256": file_digest(out_dir / name)}
            for name, seed in zip(names, seeds, strict=True)
        ],
    }
    write_json(out_dir / "reference.json", facts)
    shutil.rmtree(out_dir / _UNFINISHED, ignore_errors=True)
    return out_dir / "reference.json"
