"""Which models an experiment needs, where each comes from, and where it is on this computer.

A model is given by a path of the user's (nothing is downloaded, so a computer without network
works), by a hub id with a pinned commit, or by an address. Downloads go into one folder that
several users may share (``models.folder``, else HF_HOME): ``hub/`` is a cache of the hub's client,
``files/`` holds the rest. Copying that folder to another computer takes everything along.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from gaussianmotion.config import Config, PriorConfig, WeightsConfig
from gaussianmotion.config.evaluation import ModelsFolder
from gaussianmotion.models.hub import (
    CONTROLNET_FILES,
    MODEL_EXTRAS,
    MODEL_FILES,
    cached_snapshot,
    half_name,
    is_hub_id,
)
from gaussianmotion.runtime.errors import UserError

WeightsName = Literal["clip", "inception", "hps"]
#: What a prior of pixel patches lacks, and the class that its settings name
#: (:class:`~gaussianmotion.guidance.patches.PixelPatches`).
AUTOENCODER_WEIGHTS, PIXEL_CODEC = "vae/diffusion_pytorch_model.safetensors", "PixelPatches"
#: Name in the environment of the folder that users share.
MODELS_FOLDER = "GAUSSIANMOTION_MODELS_FOLDER"


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class NamesModels(Protocol):
    """A configuration, or a stage's part of one, that says where models are."""

    @property
    def models(self) -> ModelsFolder: ...


@dataclass(frozen=True)
class Model:
    """One model that the experiment needs.

    Attributes:
        key: The configuration key that names it.
        source: Path, hub id or address.
        revision: Pinned commit of a hub id.
        files: What its repository or folder must have.
        extras: Patterns of what is taken along where it has them.
        weights: Name of the one file that is wanted; empty for a whole folder.
        sha256: Digest that this file must have.
        gib: Size of the download, GiB.
        half: Whether weights in half precision will do, where the repository has them.
    """

    key: str
    source: str
    revision: str | None
    files: tuple[str, ...]
    extras: tuple[str, ...]
    weights: str
    sha256: str | None
    gib: float
    half: bool = False

    @property
    def is_address(self) -> bool:
        """Whether it is fetched over HTTP from outside the hub."""
        return self.source.startswith(("https://", "http://"))


def experiment_models(
    config: Config, own_priors: Mapping[str, PriorConfig], weights: Iterable[WeightsName]
) -> Iterator[Model]:
    """The models of the prior, of the scores, and of variants that have priors of their own.

    Args:
        config: The experiment's.
        own_priors: By variant; its name stands before the models' keys.
        weights: Of the scores that the experiment reports (``scores.registry.weights_of``).
    """
    yield from prior_models(config.prior)
    for name in weights:
        yield weights_model(config, name)
    shared = list(prior_models(config.prior))
    for variant, prior in own_priors.items():
        for model in prior_models(prior):
            if model not in shared:
                yield replace(model, key=f"variant {variant}: {model.key}")


def prior_models(prior: PriorConfig) -> Iterator[Model]:
    """The diffusion model and its ControlNet; files in half precision where it computes in that."""
    control = "prior.controlnet"
    half = prior.dtype == "float16"
    size = 0.5 if half else 1.0
    model, pin = prior.model, prior.revision
    yield Model("prior.model", model, pin, MODEL_FILES, MODEL_EXTRAS, "", None, 4.0 * size, half)
    model, pin = prior.controlnet, prior.controlnet_revision
    yield Model(control, model, pin, CONTROLNET_FILES, (), "", None, 1.4 * size, half)


def shared_folder(config: NamesModels) -> Path | None:
    """``models.folder``; the environment says it to jobs of the workflow, which read few keys."""
    named = config.models.folder or os.environ.get(MODELS_FOLDER)
    return Path(named).expanduser().absolute() if named else None


def models_folder(config: NamesModels) -> Path:
    """Where downloads are kept."""
    shared = shared_folder(config)
    if shared is not None:
        return shared
    from huggingface_hub import constants

    return Path(constants.HF_HOME).absolute()


def download_folder(model: Model, config: NamesModels) -> Path:
    """The folder below or beside :func:`models_folder` that a model is fetched into."""
    if model.is_address:
        return models_folder(config) / "files"
    from huggingface_hub import constants

    return hub_cache(config) or Path(constants.HF_HUB_CACHE)


def is_offline() -> bool:
    """Whether the user forbids downloads, as the hub's client reads it: HF_HUB_OFFLINE."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def share_hub_cache(config: NamesModels) -> None:
    """Let this process and its children find the hub's models in ``models.folder``.

    Called before anything imports the hub's client, which reads the environment once.
    """
    cache = hub_cache(config)
    if cache is not None:
        os.environ["HF_HUB_CACHE"] = str(cache)


def find_model(model: Model, config: NamesModels) -> Path | None:
    """The folder or file of a model; None where it has not been fetched.

    Raises:
        UserError: the user's own copy is incomplete, or not where they say.
    """
    own = Path(model.source).expanduser()
    if own.is_dir() or (own.is_file() and model.weights):
        return _own_copy(model, own)
    if model.is_address:
        path = download_folder(model, config) / model.weights
        return path if path.is_file() else None
    if not is_hub_id(model.source):
        raise UserError(
            f"{model.key}: {model.source} is neither a folder here nor a hub id: write owner/name, "
            "or the path of your copy"
        )
    folder = cached_snapshot(
        model.source, model.revision, model.files, model.extras, hub_cache(config), model.half
    )
    return folder / model.weights if folder is not None else None


def fetched_bytes(model: Model, config: Config) -> int:
    """How much of a model that is not complete yet is here."""
    folder = download_folder(model, config)
    if model.is_address:
        return _size(folder / f"{model.weights}.partial")
    blobs = folder / f"models--{model.source.replace('/', '--')}" / "blobs"
    return sum(_size(path) for path in blobs.glob("*"))


def weights_model(config: NamesModels, name: WeightsName) -> Model:
    """The weights of one score."""
    weights: WeightsConfig = getattr(config.models, name)
    return Model(
        key=f"models.{name}.source",
        source=weights.source,
        revision=weights.revision,
        files=(weights.file, *weights.companions),
        extras=(),
        weights=weights.file,
        sha256=weights.sha256,
        gib=weights.gib,
    )


def hub_cache(config: NamesModels) -> Path | None:
    """The hub's cache in ``models.folder``; None lets the hub's client choose.

    The client knows HF_HUB_CACHE and its older names, too.
    """
    shared = shared_folder(config)
    return shared / "hub" if shared is not None else None


def _own_copy(model: Model, own: Path) -> Path:
    """The user's folder or file of weights, with all that belongs to it."""
    folder = own if own.is_dir() else own.parent
    pixels = codec_class(folder) == PIXEL_CODEC
    for name in model.files:
        if name == AUTOENCODER_WEIGHTS and pixels:
            continue
        if name == model.weights and own.is_file():
            continue  # It may have any name.
        twin = half_name(name) if model.half else name
        if not (folder / name).is_file() and not (folder / twin).is_file():
            raise UserError(
                f"{model.key}: {folder} holds no {name}: copy it there, or name the folder with it"
            )
    return own / model.weights if model.weights and own.is_dir() else own


def codec_class(prior: Path) -> str:
    """The class that a prior's ``vae`` names: what makes latents of pictures; empty if none."""
    try:
        settings = json.loads((prior / "vae/config.json").read_text(encoding="utf-8"))
        return str(settings["_class_name"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # It is not there, or another process has just renamed it.
        return 0
