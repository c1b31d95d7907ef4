"""The models that an experiment needs: where each is, and the stage that fetches what is missing.

A model is given by a path of the user's (nothing is downloaded, so a computer without network
works), by a hub id with a pinned commit, or by an address. Downloads go into one folder that
several users may share (``models.folder``, else HF_HOME): ``hub/`` is a cache of the hub's client,
``files/`` holds the rest. Copying that folder to another computer takes everything along.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gaussianmotion.atomic import write_json
from gaussianmotion.config import Config, PriorConfig, WeightsConfig
from gaussianmotion.downloads import download, file_sha256
from gaussianmotion.errors import UserError
from gaussianmotion.hub import (
    CONTROLNET_FILES,
    MODEL_EXTRAS,
    MODEL_FILES,
    cached_snapshot,
    checked_digest,
    fetch_snapshot,
    pinned_digest,
    weights_digests,
)
from gaussianmotion.shared_folder import one_at_a_time, shared_with_group

WeightsName = Literal["clip", "inception", "hps"]

_SCORERS: dict[str, WeightsName] = {"clip": "clip", "hps": "hps", "fid": "inception"}


@dataclass(frozen=True)
class Model:
    """One model that the experiment needs.

    Attributes:
        key: The configuration key that names it.
        source: Path, hub id or address.
        revision: Pinned commit of a hub id.
        files: What a hub repository must have.
        extras: Patterns of what is taken along where it has them.
        weights: Name of the one file that is wanted; empty for a whole folder.
        sha256: Digest that this file must have.
        gib: Size of the download, GiB.
    """

    key: str
    source: str
    revision: str | None
    files: tuple[str, ...]
    extras: tuple[str, ...]
    weights: str
    sha256: str | None
    gib: float

    @property
    def is_address(self) -> bool:
        """Whether it is fetched over HTTP from outside the hub."""
        return self.source.startswith(("https://", "http://"))


def needed_models(config: Config) -> Iterator[Model]:
    """The models of the prior, and of those scores that the experiment reports."""
    prior = config.prior
    control = "prior.controlnet"
    yield Model(
        "prior.model", prior.model, prior.revision, MODEL_FILES, MODEL_EXTRAS, "", None, 4.0
    )
    yield Model(
        control, prior.controlnet, prior.controlnet_revision, CONTROLNET_FILES, (), "", None, 1.4
    )
    for score in config.scores.names:
        if score in _SCORERS:
            yield _of_score(config, _SCORERS[score])


def models_folder(config: Config) -> Path:
    """Where downloads are kept."""
    if config.models.folder is not None:
        return config.models.folder.expanduser().absolute()
    home = os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface"
    return Path(home).expanduser().absolute()


def share_hub_cache(config: Config) -> None:
    """Let this process and its children find the hub's models in ``models.folder``.

    Called before anything imports the hub's client, which reads the environment once.
    """
    if config.models.folder is not None:
        os.environ["HF_HUB_CACHE"] = str(models_folder(config) / "hub")


def find_model(model: Model, config: Config) -> Path | None:
    """The folder or file of a model; None where it has not been fetched.

    Raises:
        UserError: its path lacks the file of weights.
    """
    own = Path(model.source).expanduser()
    if own.is_dir() and model.weights:
        if not (own / model.weights).is_file():
            raise UserError(f"{model.key}: {own} holds no {model.weights}: name the folder with it")
        return own / model.weights
    if own.is_dir() or (own.is_file() and model.weights):
        return own
    if model.is_address:
        path = models_folder(config) / "files" / model.weights
        return path if path.is_file() else None
    folder = cached_snapshot(
        model.source, model.revision, model.files, model.extras, _hub_cache(config)
    )
    return folder / model.weights if folder is not None else None


def fetched_bytes(model: Model, config: Config) -> int:
    """How much of a model that is not complete yet is here."""
    folder = models_folder(config)
    if model.is_address:
        partial = folder / "files" / f"{model.weights}.partial"
        return partial.stat().st_size if partial.exists() else 0
    blobs = folder / "hub" / f"models--{model.source.replace('/', '--')}" / "blobs"
    return sum(path.stat().st_size for path in blobs.glob("*")) if blobs.is_dir() else 0


def model_path(config: Config, name: WeightsName) -> Path:
    """The file of weights of a score, which the models stage has fetched; nothing is downloaded.

    Files that go with it (``open_clip_config.json`` of clip) are in the same folder.

    Raises:
        UserError: it is not here.
    """
    model = _of_score(config, name)
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


def check_models(config: Config, out: Path | None = None) -> dict[str, object]:
    """Fetch what is missing, check all of it, and record what is where.

    Args:
        config: The prior, the scores' names and weights, the folder.
        out: JSON to write: of each model its source, revision, folder and digests.

    Raises:
        UserError: a model is missing and cannot be fetched, or is not what it should be.
    """
    models = list(needed_models(config))
    if any(find_model(model, config) is None for model in models):
        folder = models_folder(config)
        with one_at_a_time(folder), shared_with_group(folder, config.models.folder is not None):
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
    for model in needed_models(whole):
        if model.key == "prior.model" or (pose and model.key == "prior.controlnet"):
            folder = find_model(model, whole)
            if folder is None:
                continue
            for path in sorted(folder.rglob("*.safetensors")):
                name = path.relative_to(folder)
                if name.parts[0] != "controlnet":  # The embedded prior keeps its own in there.
                    digests[f"{model.key}/{name}"] = weights_digest(path)
    return digests


def pinned_revision(source: str, revision: str | None) -> str | None:
    """The revision of a hub model; None for a folder, which has none."""
    return None if Path(source).expanduser().exists() else revision


def _of_score(config: Config, name: WeightsName) -> Model:
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


def _hub_cache(config: Config) -> Path | None:
    """None lets the hub's client choose: it knows HF_HUB_CACHE and its older names, too."""
    return models_folder(config) / "hub" if config.models.folder is not None else None


def _fetch(model: Model, config: Config) -> None:
    if not model.is_address:
        fetch_snapshot(
            model.source,
            model.revision,
            model.files,
            model.extras,
            _hub_cache(config),
            model.key,
        )
        return
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise UserError(
            f"{model.key}: {model.source} is not here and HF_HUB_OFFLINE is set: unset it, or put "
            f"a copy at {models_folder(config) / 'files' / model.weights}"
        )
    path = models_folder(config) / "files" / model.weights
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
            raise UserError(
                f"{model.key}: {path} has the SHA-256 {digests[path.name]}, not {model.sha256}: "
                f"put the right file there, or set {section}.sha256 if you trust this one"
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
