"""What this computer has and lacks for an experiment, before anything runs."""

import importlib.util
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion import gpu
from gaussianmotion.config import Config, PriorConfig
from gaussianmotion.config_file import load_variants
from gaussianmotion.errors import UserError
from gaussianmotion.experiment import load_experiment, own_priors
from gaussianmotion.model_sources import (
    Model,
    download_folder,
    experiment_models,
    fetched_bytes,
    find_model,
    is_offline,
)
from gaussianmotion.pose.motion import load_motion

# Of a run, twice since MLflow keeps copies: bytes of a Gaussian, and of pictures and videos of a
# million pixels each. Beside all runs: references, figures, the report, a checkpoint.
_GAUSSIAN, _PICTURES, _BESIDE_GIB = 170, 30e6, 1.0
_SECONDS = 5.0  # for a host to answer
_CUDA = Path("/usr/local/cuda")  # where torch looks last


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
    models = list(experiment_models(config, _own_priors(config)))
    return [
        _python(),
        *_devices(config),
        _body(config),
        *_motions(config),
        *_packages(config),
        *_models(config, models),
        *_disk(config, models),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info[:2] in ((3, 11), (3, 12))
    how = "" if fine else "; 3.11 or 3.12 is needed: make env PYTHON=/path/to/python3.11"
    return Finding("Python", fine, version + how)


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
        else "none here; on a cluster run this on a node that has one; without any, use --profile "
        "profiles/laptop (here: --config config.yaml config/laptop.yaml)",
    )
    if pool and (fault := gpu.torch_fault()) is not None:
        yield Finding(
            "torch on the GPU",
            False,
            f"{fault}; update the driver, or install torch and torchvision of a CUDA version that "
            "it knows (nvidia-smi shows which)",
        )
    if config.rasteriser in ("auto", "gsplat"):
        yield from _compilers()


def _compilers() -> Iterator[Finding]:
    """What gsplat compiles itself with at its first use, found where torch looks for it."""
    import torch

    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    nvcc = shutil.which("nvcc", path=f"{home}/bin") if home else None
    nvcc = nvcc or shutil.which("nvcc") or shutil.which("nvcc", path=_CUDA / "bin")
    version = f" {torch.version.cuda}" if torch.version.cuda else ""
    yield Finding(
        "nvcc",
        nvcc is not None,
        nvcc
        or f"none; gsplat compiles itself at its first use and looks for it later, too: install "
        f"the CUDA toolkit{version}, load its module, or set CUDA_HOME to it",
    )
    wanted = os.environ.get("CXX") or "c++"
    found = shutil.which(wanted)
    how = f"{wanted} is not there; gsplat needs it to compile itself: install g++, or set CXX"
    yield Finding("C++ compiler", found is not None, found or how)


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
    """What only some scores need."""
    if "pose" in config.scores.names:
        there = importlib.util.find_spec("ai_edge_litert") is not None
        how = "installed" if there else "absent: run `make env`, or pip install ai-edge-litert"
        yield Finding("pose detector's runtime", there, how)
    if "alignment" in config.scores.names:
        folder = config.scores.alignment_model
        there = (folder / "open_clip_model.safetensors").is_file()
        how = str(folder) if there else f"{folder} holds no weights: restore it from git"
        yield Finding("scores.alignment_model", there, how)


def _own_priors(config: Config) -> dict[str, PriorConfig]:
    """Those of variants; that a variant is wrong, the workflow says before it starts."""
    with suppress(UserError):
        return own_priors(config, load_variants(config.variants_file))
    return {}


def _models(config: Config, models: Sequence[Model]) -> Iterator[Finding]:
    absent = []
    for model in models:
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
        f"{model.source} is not in {download_folder(model, config)}: run `gaussianmotion models` "
        f"({model.gib:.1f} GiB{part}), or set {model.key} to your copy"
    )


def _hosts(absent: Sequence[Model]) -> Iterator[Finding]:
    """Whether what is missing could be fetched from here."""
    elsewhere = (
        "run `gaussianmotion models` on a computer with network, copy its models.folder here and "
        "name it in models.folder"
    )
    if is_offline():
        yield Finding("network", False, f"HF_HUB_OFFLINE is set: unset it, or {elsewhere}")
        return
    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    addresses = [model.source if model.is_address else hub for model in absent]
    for host in dict.fromkeys("/".join(address.split("/")[:3]) for address in addresses):
        reason = _unreachable(host)
        yield Finding(
            "network",
            reason is None,
            f"{host} answers"
            if reason is None
            else f"{host} cannot be reached ({reason}): {elsewhere}",
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


def _disk(config: Config, models: Sequence[Model]) -> Iterator[Finding]:
    """Room for results, and for the models that are still to be fetched."""
    results = _existing(config.results.absolute())
    keys, wanted = {results: "results"}, {results: _results_gib(config)}
    for model in models:
        with suppress(UserError):  # Said already.
            if find_model(model, config) is None:
                folder = _existing(download_folder(model, config))
                missing = max(0.0, model.gib - fetched_bytes(model, config) / 2**30)
                keys.setdefault(folder, "models.folder")
                wanted[folder] = wanted.get(folder, 0.0) + missing
    for folder, key in keys.items():
        device = folder.stat().st_dev
        needed = sum(gib for other, gib in wanted.items() if other.stat().st_dev == device)
        free = shutil.disk_usage(folder).free / 2**30
        fine = False
        if not os.access(folder, os.W_OK | os.X_OK):
            detail = f"{folder} cannot be written; set {key} to a folder that you own"
        elif free < needed:
            detail = (
                f"{free:.1f} GiB free in {folder}, about {needed:.1f} are needed: free some, or "
                f"set {key} to a folder on a larger disk"
            )
        else:
            fine = True
            detail = f"{free:.1f} GiB free in {folder}, about {needed:.1f} are needed"
        yield Finding(f"disk ({key})", fine, detail)


def _results_gib(config: Config) -> float:
    """About how much an experiment writes."""
    try:
        runs = len(load_experiment(config.model_dump(mode="json"), "the configuration").runs)
    except UserError:
        runs = 1  # What is wrong, the workflow says before it starts.
    train, pictures = config.train, _PICTURES * (config.render.size / 1000) ** 2
    count = train.density.max_gaussians if train.density.enabled else train.gaussians
    return _BESIDE_GIB + runs * 2 * (count * _GAUSSIAN + pictures) / 2**30


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
