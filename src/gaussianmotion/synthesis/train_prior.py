"""The training of the prior as two commands: the autoencoder, then UNet and ControlNet.

What the second one needs of the dataset (latents, token states) is encoded once and kept beside the
checkpoint, so that a resumed run starts training within seconds.
"""

import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import torch

from gaussianmotion.atomic import atomic_path
from gaussianmotion.errors import UserError
from gaussianmotion.guidance.text import MiniLMEncoder
from gaussianmotion.synthesis.encoded_data import EncodedData, encode_dataset, training_captions
from gaussianmotion.synthesis.prior_checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior_data import list_shards
from gaussianmotion.synthesis.text_cache import TextCache, cache_captions
from gaussianmotion.synthesis.train_autoencoder import load_autoencoder
from gaussianmotion.synthesis.train_diffusion import KIND, DiffusionSettings, train_diffusion


def train_prior(
    dataset: Path,
    autoencoder: Path,
    out: Path,
    steps: int,
    tail: int,
    settings: DiffusionSettings | None = None,
    resume: Path | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Encode the dataset where that has not been done, then train or go on training.

    Args:
        dataset: Folder of shards.
        autoencoder: ``autoencoder.pt``.
        out: Folder for ``encoded.pt``, ``diffusion.pt`` and ``before_tail.pt``.
        steps: Optimiser steps in all.
        tail: The last steps, over which the learning rate falls to zero.
        settings: See :class:`~gaussianmotion.synthesis.train_diffusion.DiffusionSettings`.
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
    report: Callable[[str], None] = print,
) -> EncodedData:
    """The encoded dataset, from the file ``cache`` where it was made of the same inputs.

    Raises:
        UserError: dataset or autoencoder are missing or damaged.
    """
    source: list[list[str | int]] = [
        [path.name, os.stat(path).st_size] for path in list_shards(dataset)
    ]
    source.append(
        [str(autoencoder.name), autoencoder.stat().st_size if autoencoder.exists() else 0]
    )
    data = _read(cache, source, scaling)
    if data is not None:
        return data
    network = load_autoencoder(autoencoder)
    captions = cache_captions(
        training_captions(dataset),
        MiniLMEncoder(),
        lambda done, total: report(f"captions {done}/{total}"),
    )
    data = encode_dataset(dataset, network, captions, scaling=scaling, report=report)
    tensors = {field.name: getattr(data, field.name) for field in fields(data)}
    tensors["cache"] = {"states": captions.states, "rows": captions.rows}
    with atomic_path(cache) as temporary:
        torch.save({"source": source, **tensors}, temporary)
    return data


def _read(cache: Path, source: list[list[str | int]], scaling: float | None) -> EncodedData | None:
    """The cached data; None where there is none of these inputs."""
    if not cache.exists():
        return None
    try:
        saved = torch.load(cache, weights_only=True)
        if saved.pop("source") != source:
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
