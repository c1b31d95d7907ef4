"""The training of the prior as two commands: the autoencoder, then UNet and ControlNet.

What the second one needs of the dataset (latents, token states) is encoded once and kept beside the
checkpoint, so that a resumed run starts training within seconds.
"""

import hashlib
import pickle
import zipfile
from dataclasses import fields
from pathlib import Path

import torch

from gaussianmotion.guidance.text import MiniLMEncoder
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.data import list_shards
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior.encoded_data import (
    EncodedData,
    encode_dataset,
    training_captions,
)
from gaussianmotion.synthesis.prior.text_cache import TextCache, cache_captions
from gaussianmotion.synthesis.prior.train_autoencoder import load_autoencoder
from gaussianmotion.synthesis.prior.train_diffusion import KIND, DiffusionSettings, train_diffusion
from gaussianmotion.synthesis.reporting import Report, log_line


def train_prior(
    dataset: Path,
    autoencoder: Path,
    out: Path,
    steps: int,
    tail: int,
    settings: DiffusionSettings | None = None,
    resume: Path | None = None,
    report: Report = log_line,
) -> Path:
    """Encode the dataset where that has not been done, then train or go on training.

    Args:
        dataset: Folder of shards.
        autoencoder: ``autoencoder.pt``.
        out: Folder for ``encoded.pt``, ``diffusion.pt`` and ``before_tail.pt``.
        steps: Optimiser steps in all.
        tail: The last steps, over which the learning rate falls to zero.
        settings: See :class:`~gaussianmotion.synthesis.prior.train_diffusion.DiffusionSettings`.
        resume: Checkpoint to extend where ``out`` has none.
        report: Receives progress lines.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: dataset or checkpoint are missing, damaged, or do not belong together.
    """
    earlier = out / "diffusion.pt" if (out / "diffusion.pt").exists() else resume
    # Latents keep the scale that the networks were trained on.
    scaling = float(load_checkpoint(earlier, KIND)["scaling"]) if earlier else None
    data = encode_once(dataset, autoencoder, out / "encoded.pt", scaling, report)
    return train_diffusion(data, out, steps, tail, settings, resume=resume, report=report)


def encode_once(
    dataset: Path,
    autoencoder: Path,
    cache: Path,
    scaling: float | None = None,
    report: Report = log_line,
) -> EncodedData:
    """The encoded dataset, from the file ``cache`` where it was made of the same inputs.

    Raises:
        UserError: dataset or autoencoder are missing or damaged.
    """
    origin = _origin(dataset, autoencoder)
    data = _read(cache, origin, scaling)
    if data is not None:
        return data
    network = load_autoencoder(autoencoder)
    captions = cache_captions(
        training_captions(dataset),
        MiniLMEncoder(),
        lambda done, total: report(f"captions {done}/{total}"),
    )
    data = encode_dataset(dataset, network, captions, scaling=scaling, report=report)
    data.origin = origin
    tensors = {field.name: getattr(data, field.name) for field in fields(data)}
    tensors["cache"] = {"states": captions.states, "rows": captions.rows}
    with atomic_path(cache) as temporary:
        torch.save(tensors, temporary)
    return data


def _origin(dataset: Path, autoencoder: Path) -> str:
    """Digest of what the encoded data is made of.

    Sizes alone would not do: a retrained autoencoder has the size of the old one. The shards'
    pictures are known by ``dataset.json``, which names seed and characters.

    Raises:
        UserError: one of the two is missing.
    """
    digest = hashlib.sha256()
    for path in list_shards(dataset):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    for step, path in (("dataset", dataset / "dataset.json"), ("autoencoder", autoencoder)):
        if not path.is_file():
            raise UserError(f"{path} not found: `gaussianmotion synthesis {step}` makes it")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _read(cache: Path, origin: str, scaling: float | None) -> EncodedData | None:
    """The cached data; None where there is none of these inputs."""
    if not cache.exists():
        return None
    try:
        saved = torch.load(cache, weights_only=True)
        if saved.get("origin") != origin:
            return None
        data = EncodedData(**{**saved, "cache": TextCache(**saved["cache"])})
    except (
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        AttributeError,  # not a dictionary
        KeyError,
        TypeError,  # a part is missing or of another kind, such as no cache
    ) as error:
        raise UserError(f"{cache} is damaged: delete it, it is made again") from error
    return data if scaling is None or scaling == data.scaling else None
