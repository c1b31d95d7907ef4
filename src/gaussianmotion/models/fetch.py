"""The models stage: fetches what is missing, checks all of it, and tells the scores where it is."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from gaussianmotion.config import Config, PriorConfig
from gaussianmotion.models.downloads import download
from gaussianmotion.models.hub import checked_digest, fetch_snapshot, pinned_digest, weights_digests
from gaussianmotion.models.shared_folder import one_at_a_time, shared_with_group
from gaussianmotion.models.sources import (
    Model,
    NamesModels,
    WeightsName,
    download_folder,
    experiment_models,
    find_model,
    hub_cache,
    is_offline,
    models_folder,
    prior_models,
    shared_folder,
    weights_model,
)
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError


def model_path(config: NamesModels, name: WeightsName) -> Path:
    """The file of weights of a score, which the models stage has fetched; nothing is downloaded.

    Files that go with it (``open_clip_config.json`` of clip) are in the same folder.

    Raises:
        UserError: it is not here.
    """
    model = weights_model(config, name)
    path = find_model(model, config)
    if path is None:
        raise UserError(
            f"{model.key}: {model.source} is not here: run `gaussianmotion models`, or set "
            f"{model.key} to the path of your copy of {model.weights}"
        )
    return path


def weights_digest(path: Path) -> str:
    """SHA-256 of a file of weights; without reading it where the hub's cache names it by that."""
    return pinned_digest(path) or file_sha256(path)


def check_models(
    config: Config,
    out: Path | None = None,
    only: Literal["prior"] | WeightsName | None = None,
    own_priors: Mapping[str, PriorConfig] = MappingProxyType({}),
    weights: Iterable[WeightsName] = (),
) -> dict[str, object]:
    """Fetch what is missing, check all of it, and record what is where.

    Args:
        config: The prior, the scores' weights, the folder.
        out: JSON to write: of each model its source, revision, folder and digests.
        only: The prior, or the weights of one scorer; else all that the experiment needs.
        own_priors: Those of variants that have one, where all is wanted.
        weights: Those that the experiment's scores need, where all is wanted.

    Raises:
        UserError: a model is missing and cannot be fetched, or is not what it should be.
    """
    if only is None:
        models = list(experiment_models(config, own_priors, weights))
    elif only == "prior":
        models = list(prior_models(config.prior))
    else:
        models = [weights_model(config, only)]
    if any(find_model(model, config) is None for model in models):
        folder = models_folder(config)
        # Sharing comes first, since the lock's file must be open to the group at once.
        with shared_with_group(folder, shared_folder(config) is not None), one_at_a_time(folder):
            for model in models:
                if find_model(model, config) is None:  # Another job may have fetched it meanwhile.
                    _fetch(model, config)
    facts: dict[str, object] = {model.key: _facts(model, config) for model in models}
    if out is not None:
        write_json(out, facts)
    return facts


def prior_digests(config: PriorConfig, pose: bool) -> dict[str, str]:
    """SHA-256 of the weights that a prior draws pictures with, by key and relative path.

    Args:
        pose: Whether the ControlNet takes part.
    """
    digests = {}
    whole = Config(prior=config)
    for model in prior_models(config):
        if model.key == "prior.model" or (pose and model.key == "prior.controlnet"):
            folder = find_model(model, whole)
            if folder is None:
                continue
            for path in sorted(folder.rglob("*.safetensors")):
                name = path.relative_to(folder)
                # Beside these, the embedded prior keeps its ControlNet in there, and what names
                # regions, and Stable Diffusion its safety checker.
                own = name.parts[0] in ("vae", "unet", "text_encoder")
                if own or model.key == "prior.controlnet":
                    digests[f"{model.key}/{name}"] = weights_digest(path)
    return digests


def pinned_revision(source: str, revision: str | None) -> str | None:
    """The revision of a hub model; None for a folder, which has none."""
    return None if Path(source).expanduser().exists() else revision


def _fetch(model: Model, config: Config) -> None:
    if is_offline():
        raise UserError(
            f"{model.key}: {model.source} is not in {download_folder(model, config)}, and "
            f"HF_HUB_OFFLINE is set: unset it to fetch it, or set {model.key} to your own copy"
        )
    if not model.is_address:
        fetch_snapshot(
            model.source,
            model.revision,
            model.files,
            model.extras,
            hub_cache(config),
            model.key,
            model.half,
        )
        return
    path = download_folder(model, config) / model.weights
    download(model.source, path, model.key, sha256=model.sha256)


def _facts(model: Model, config: Config) -> dict[str, object]:
    """What is here of a model, checked.

    Raises:
        UserError: its digest is not the configuration's, or not that of the pinned commit.
    """
    path = find_model(model, config)
    if path is None:
        raise UserError(f"{model.key}: {model.source} has just gone; run again")
    facts: dict[str, object] = {"source": model.source}
    if path.is_dir():
        digests = weights_digests(path, model.key)
        facts["folder"] = str(path)
    else:
        digests = {path.name: checked_digest(path, model.key)}
        facts["folder"] = str(path.parent)
        if model.sha256 not in (None, digests[path.name]):
            section = model.key.removesuffix(".source")
            mend = "delete it and run again" if model.is_address else "put the right file there"
            raise UserError(
                f"{model.key}: {path} has the SHA-256 {digests[path.name]}, not {model.sha256}: "
                f"{mend}, or set {section}.sha256 if you trust this one"
            )
    if not model.is_address and pinned_revision(model.source, model.revision) is not None:
        facts["revision"] = model.revision
    facts["weights_sha256"] = digests
    facts["checked_against"] = _authority(model, path, digests)
    print(f"models: {model.key}: {path}", file=sys.stderr)
    return facts


def _authority(model: Model, path: Path, digests: dict[str, str]) -> str:
    """By whose digests the files were checked: "configuration", "commit", or "nothing"."""
    if model.sha256 is not None:
        return "configuration"
    folder = path if path.is_dir() else path.parent
    with suppress(OSError):
        if digests and all(pinned_digest(folder / name) for name in digests):
            return "commit"
    return "nothing"
