"""Reference images: what the text-to-image model makes of a prompt.

The renders' distribution is compared with them (Table 1). The paper samples 10 images of each
prompt from SD1.5, from the text alone; so do we. The embedded prior saw few pictures without a pose
in its training and draws no whole person from text alone. The laptop's experiment therefore gives
it a pose, seen from all around as in the multi-view set (``reference.pose``), and words for framing
and ground (``reference.suffix``): its distances compare appearance more than shape.

An interrupted call keeps its finished batches in ``unfinished/`` and goes on with them. Batches are
the same every time, since half precision rounds differently in batches of another size.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, PngImagePlugin
from torch import Tensor

from gaussianmotion.avatar.whose_body import in_shape
from gaussianmotion.body import load_body
from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import turntable_azimuths, view_word
from gaussianmotion.config import PriorConfig
from gaussianmotion.config.rendering import Framing
from gaussianmotion.config.stages import ReferenceSettings
from gaussianmotion.guidance.prior import DiffusionPrior, load_prior, precision
from gaussianmotion.guidance.prompts import with_words
from gaussianmotion.models.fetch import pinned_revision, prior_digests
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.rendering.cameras import fitted_orbit, select
from gaussianmotion.runtime.atomic import atomic_path, write_json
from gaussianmotion.runtime.digest import file_sha256

PROTOCOL = "reference-1"
_UNFINISHED = "unfinished"
_KEY = "gaussianmotion-sample"


def sample_references(
    prompt_id: str,
    prompt: str,
    out_dir: Path,
    config: ReferenceSettings,
    device: torch.device | str = "cpu",
) -> Path:
    """Write ``00.png ...`` and ``reference.json``.

    Args:
        prompt_id: Name of the prompt; it decides the seeds, together with ``reference.seed``.
        prompt: The user's sentence.
        out_dir: Folder of this prompt's references.
        config: The prior; how many, and how they are sampled; the body of a pose.
        device: Where to sample.

    Returns:
        The path of ``reference.json``.

    Raises:
        UserError: the prior is not here, or the folder cannot be written.
    """
    wanted, device = config.reference, torch.device(device)
    samples = _plan(prompt_id, prompt, config)
    settings: dict[str, object] = {
        "steps": wanted.steps,
        "guidance_scale": wanted.guidance_scale,
        "pose": wanted.pose,
        "dtype": precision(config.prior.dtype, device),
        "device": device.type,
        "weights_sha256": prior_digests(config.prior, pose=wanted.pose != "none"),
    }
    work = out_dir / _UNFINISHED
    prior: DiffusionPrior | None = None
    for start in range(0, wanted.count, wanted.batch):
        batch = samples[start : start + wanted.batch]
        paths = [work / f"{sample.id}.png" for sample in batch]
        identity = _identity({**settings, "samples": [asdict(sample) for sample in batch]})
        if all(_finished(path, identity) for path in paths):
            continue
        prior = prior or load_prior(config.prior, device)
        noise = prior.draw_noise([sample.seed for sample in batch])
        size = noise.shape[-1] * prior.downscale
        poses = _pose_images(batch, prompt, config, size, prior.condition_channels)
        images = prior.sample(
            [sample.text for sample in batch],
            poses if poses is None else poses.to(device),
            steps=wanted.steps,
            guidance_scale=wanted.guidance_scale,
            noise=noise,
        )
        for path, image in zip(paths, images, strict=True):
            save_sample(path, image, identity)
        print(f"reference: {prompt_id}: {start + len(batch)} of {wanted.count}", file=sys.stderr)
    return _publish(prompt_id, prompt, out_dir, config.prior, samples, settings)


@dataclass(frozen=True)
class _Sample:
    id: str
    seed: int
    text: str
    azimuth: float | None


def _plan(prompt_id: str, prompt: str, config: ReferenceSettings) -> list[_Sample]:
    """The samples of a prompt, in order."""
    wanted = config.reference
    samples = []
    for index, azimuth in enumerate(turntable_azimuths(wanted.count).tolist()):
        posed = wanted.pose != "none"
        view = view_word(azimuth) if posed else ""
        samples.append(
            _Sample(
                id=f"{index:02d}",
                seed=sample_seed(wanted.seed, prompt_id, index),
                text=with_words(prompt, config.prior.prompt_suffix, view, wanted.suffix),
                azimuth=round(azimuth, 4) if posed else None,
            )
        )
    return samples


def _pose_images(
    samples: Sequence[_Sample], prompt: str, config: ReferenceSettings, size: int, channels: int
) -> Float[Tensor, "B K H W"] | None:
    """The poses of a batch, as a standard render shows them; None without a pose."""
    if config.reference.pose == "none":
        return None
    shape = in_shape(config.body, prompt, config.reference.seed)
    body = load_body(shape.path, shape.betas)
    pose = named_pose(config.reference.pose)[None]
    # One distance for all, whatever the batch.
    azimuths = turntable_azimuths(config.reference.count)
    cameras = fitted_orbit(body.posed_vertices(pose)[0], azimuths, 0.0, size, Framing())
    chosen = select(cameras, [int(sample.id) for sample in samples])
    poses = pose.expand(len(samples), -1, -1)
    return condition_image(body, poses, chosen, channels, config.prior.neck)


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
    samples: Sequence[_Sample],
    settings: dict[str, object],
) -> Path:
    """Copy the finished samples to their places; what is unfinished goes last, after the JSON."""
    names = [f"{sample.id}.png" for sample in samples]
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
            {**asdict(sample), "file": name, "sha256": file_sha256(out_dir / name)}
            for name, sample in zip(names, samples, strict=True)
        ],
    }
    write_json(out_dir / "reference.json", facts)
    shutil.rmtree(out_dir / _UNFINISHED, ignore_errors=True)
    return out_dir / "reference.json"
