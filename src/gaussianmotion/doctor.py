"""What this computer has and lacks for an experiment, before anything runs."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from gaussianmotion import gpu
from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.pose.motion import load_motion

# Results, MLflow's copies and a checkpoint of one laptop experiment, with room to spare.
_DISK_GIB = 2.0


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
        *_models(config),
        _disk(config),
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
    path = config.body.path
    detail = str(path) if path.is_file() else f"{path} is absent; set body.path to a SMPL file"
    return Finding("body", path.is_file(), detail)


def _motions(config: Config) -> Iterator[Finding]:
    for motion in config.motions:
        try:
            clip = load_motion(motion)
            yield Finding(f"motion {motion}", True, f"{len(clip.poses)} frames")
        except UserError as error:
            yield Finding(f"motion {motion}", False, str(error))


def _models(config: Config) -> Iterator[Finding]:
    from gaussianmotion.guidance.load import find_model

    prior = config.prior
    for key, name, revision in (
        ("prior.model", prior.model, prior.revision),
        ("prior.controlnet", prior.controlnet, prior.controlnet_revision),
    ):
        try:
            yield Finding(key, True, str(find_model(name, revision, key)))
        except UserError as error:
            yield Finding(key, False, str(error))


def _disk(config: Config) -> Finding:
    folder = config.results.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    writable = os.access(folder, os.W_OK)
    detail = f"{free:.1f} GiB free in {folder}"
    if not writable:
        detail = f"{folder} cannot be written; set `results` to a folder that you own"
    return Finding("disk", writable and free >= _DISK_GIB, detail)
