"""What this computer has and lacks for an experiment, before anything runs."""

import importlib.util
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion import gpu
from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.model_sources import (
    Model,
    fetched_bytes,
    find_model,
    models_folder,
    needed_models,
)
from gaussianmotion.pose.motion import load_motion

# Results, MLflow's copies and a checkpoint of one laptop experiment, with room to spare.
_DISK_GIB = 2.0
_SECONDS = 5.0  # for a host to answer


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        fine: Whether the experiment can run with it.
        detail: What was found, or what to do.
    """

    what: str
    fine: bool
    detail: str

    def line(self) -> str:
        """The finding on one line."""
        return f"{'ok     ' if self.fine else 'missing'}  {self.what}: {self.detail}"


def examine(config: Config) -> list[Finding]:
    """Look at everything that the experiment needs."""
    return [
        _python(),
        *_devices(config),
        _body(config),
        *_motions(config),
        *_packages(config),
        *_models(config),
        *_disk(config),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info[:2] in ((3, 11), (3, 12)), version)


def _devices(config: Config) -> Iterator[Finding]:
    pool = gpu.device_pool()
    if config.device == "cpu" or (config.device == "auto" and not pool):
        yield Finding("device", True, f"CPU, {os.cpu_count()} cores")
        return
    yield Finding(
        "GPU",
        bool(pool),
        f"{len(pool)} ({', '.join(pool)})"
        if pool
        else "none; write `device: auto`, or use --profile profiles/laptop",
    )
    if config.rasteriser in ("auto", "gsplat"):
        compiler = shutil.which("nvcc")
        yield Finding(
            "nvcc",
            compiler is not None,
            compiler or "gsplat compiles at first use; install the CUDA toolkit of torch's version",
        )


def _body(config: Config) -> Finding:
    from gaussianmotion.body import load_body

    try:
        body = load_body(config.body.path, config.body.betas)
    except UserError as error:
        return Finding("body", False, str(error))
    return Finding(
        "body", True, f"{config.body.path}, {len(body.vertices)} vertices, {body.height:.2f} m tall"
    )


def _motions(config: Config) -> Iterator[Finding]:
    for motion in config.motions:
        try:
            clip = load_motion(motion)
            yield Finding(f"motion {motion}", True, f"{len(clip.poses)} frames")
        except UserError as error:
            yield Finding(f"motion {motion}", False, str(error))


def _packages(config: Config) -> Iterator[Finding]:
    """What only some scores import."""
    if "pose" in config.scores.names:
        there = importlib.util.find_spec("ai_edge_litert") is not None
        how = "installed" if there else "absent: pip install 'gaussianmotion[pose]'"
        yield Finding("pose detector's runtime", there, how)


def _models(config: Config) -> Iterator[Finding]:
    absent = []
    for model in needed_models(config):
        try:
            path = find_model(model, config)
        except UserError as error:
            yield Finding(model.key, False, str(error))
            continue
        if path is None:
            absent.append(model)
        yield Finding(model.key, path is not None, str(path or _how_to_get(model, config)))
    if absent:
        yield from _hosts(absent)


def _how_to_get(model: Model, config: Config) -> str:
    here = fetched_bytes(model, config) / 2**30
    part = f", {here:.1f} GiB of it are here" if here >= 0.05 else ""
    return (
        f"{model.source} is not in {models_folder(config)}: run `gaussianmotion models` "
        f"({model.gib:.1f} GiB{part}), or set {model.key} to your copy"
    )


def _hosts(absent: Sequence[Model]) -> Iterator[Finding]:
    """Whether what is missing could be fetched from here."""
    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    addresses = [model.source if model.is_address else hub for model in absent]
    for host in dict.fromkeys("/".join(address.split("/")[:3]) for address in addresses):
        reason = _unreachable(host)
        yield Finding(
            "network",
            reason is None,
            f"{host} answers"
            if reason is None
            else f"{host} cannot be reached ({reason}): run `gaussianmotion models` on a computer "
            "with network, copy its models.folder here and name it in models.folder",
        )


def _unreachable(host: str) -> str | None:
    try:
        request = urllib.request.Request(host, method="HEAD")
        urllib.request.urlopen(request, timeout=_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()  # It answers.
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None


def _disk(config: Config) -> Iterator[Finding]:
    """Room for results, and for the models that are still to be fetched."""
    results = _existing(config.results.absolute())
    wanted = {results: _DISK_GIB}
    missing = 0.0
    for model in needed_models(config):
        try:
            if find_model(model, config) is None:
                missing += max(0.0, model.gib - fetched_bytes(model, config) / 2**30)
        except UserError:
            continue  # Said already.
    folders = {"results": results}
    if missing:
        models = _existing(models_folder(config))
        folders["models.folder"] = models
        same = models.stat().st_dev == results.stat().st_dev
        wanted[models] = missing + (_DISK_GIB if same else 0.0)
    for key, folder in folders.items():
        free, needed = shutil.disk_usage(folder).free / 2**30, wanted[folder]
        if not os.access(folder, os.W_OK | os.X_OK):
            detail = f"{folder} cannot be written; set {key} to a folder that you own"
        elif free < needed:
            detail = (
                f"{free:.1f} GiB free in {folder}, {needed:.1f} are needed: free some, or set "
                f"{key} to a folder on a larger disk"
            )
        else:
            yield Finding(f"disk ({key})", True, f"{free:.1f} GiB free in {folder}")
            continue
        yield Finding(f"disk ({key})", False, detail)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
