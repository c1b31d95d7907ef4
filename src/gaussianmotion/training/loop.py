"""Training of one avatar, top to bottom: eq. 8 of GaussianMotion.

Each step draws poses, cameras and backgrounds, poses and draws the Gaussians, asks the prior what
is wrong with the pictures, adds the two regularisers, and steps Adam. Everything random comes from
four CPU generators, so that a seed means the same on every device, and a training that was killed
goes on bit for bit (on the CPU; CUDA's atomics add in any order).
"""

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.atomic import write_json
from gaussianmotion.avatar.density import DensityControl
from gaussianmotion.avatar.file import AvatarMetadata, from_state, save_avatar, state
from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar
from gaussianmotion.body import Body, load_body
from gaussianmotion.config import Config, LearningRates
from gaussianmotion.errors import UserError
from gaussianmotion.guidance.distillation import Prior, ScoreDistillation
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.pose.openpose import pose_image
from gaussianmotion.training.cameras import Views, sample_views
from gaussianmotion.training.checkpoint import load_checkpoint, save_checkpoint, training_digest
from gaussianmotion.training.curves import Curves
from gaussianmotion.training.losses import scale_loss, skinning_loss
from gaussianmotion.training.previews import render_preview, save_picture
from gaussianmotion.training.process import only_run_in, stop_on_signal
from gaussianmotion.training.progress import StepProgress

# A mean moves by at most its learning rate a step, 4 mm in 25 steps at 1.6e-4: less than the
# distance between two vertices of the body. Looking w_SMPL up at every step would gain nothing.
REFRESH_EVERY = 25
# As 3D Gaussian splatting: its gradients are tiny, and Adam's usual 1e-8 would damp them.
ADAM_EPS = 1e-15
# A tracker may be a server far away: every tenth step is enough for a curve.
TRACK_EVERY = 10
# Share of the steps at the end over which run.json's final losses are averaged.
FINAL_SHARE = 0.1
# One generator per purpose: with other density control or another prior, a training still sees
# the same views, so that ablations differ in what they ablate only.
GENERATORS = ("start", "views", "noise", "density")

Condition = Callable[[Body, Views], Float[Tensor, "B 3 H W"]]


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class Tracker(Protocol):
    """What training tells a tracker; ``gaussianmotion.tracking`` implements it."""

    def log_metrics(self, step: int, metrics: dict[str, float]) -> None: ...

    def log_image(self, name: str, path: Path) -> None: ...


def draw_pose(body: Body, views: Views) -> Float[Tensor, "B 3 H W"]:
    """The OpenPose pictures of views: the ControlNet's condition."""
    return pose_image(body, views.poses, views.cameras)


def train(
    config: Config,
    prompt_id: str,
    prompt: str,
    seed: int,
    out_dir: Path,
    prior: Prior | None = None,
    progress: bool = True,
    tracker: Tracker | None = None,
    condition: Condition = draw_pose,
) -> Path:
    """Train an avatar; goes on from ``checkpoint.pt`` if an earlier run left one.

    Writes ``avatar.safetensors``, ``curves.csv``, ``run.json`` and ``previews/*.png``. SIGINT and
    SIGTERM let the step finish, write the checkpoint and exit with status 130.

    Args:
        config: Of which device, rasteriser, threads, prior, body and train are read.
        prompt_id: Names the training in messages and files.
        prompt: The sentence.
        seed: Of everything random.
        out_dir: Folder of the outputs; one training at a time may use it.
        prior: In place of the one that the configuration names.
        progress: Show a bar, or lines where there is no terminal.
        tracker: Told about metrics and previews.
        condition: Draws what the prior is conditioned on, if ``pose_guidance`` is set.

    Returns:
        Path of the avatar file.

    Raises:
        UserError: the folder is in use or cannot be written, the body or the prior cannot be
            loaded, or the training diverged.
        SystemExit: status 130, after a signal.
    """
    settings = config.train
    device = choose_device(config.device)
    torch.set_num_threads(config.threads)
    body = load_body(config.body.path, config.body.betas, device=str(device))
    digest = training_digest(config, prompt, seed, body.id)
    checkpoint = out_dir / "checkpoint.pt"

    with only_run_in(out_dir), stop_on_signal() as stop:
        prior = prior or load_prior(config.prior, device)
        unknown = prior.unknown_words(prompt) if hasattr(prior, "unknown_words") else []
        if unknown:
            print(
                f"{prompt_id}: the prior has never seen {', '.join(unknown)}; "
                "what they mean will be guessed or ignored",
                file=sys.stderr,
            )
        if hasattr(prior, "fits") and not prior.fits(f"{prompt}, front view, upper body"):
            print(
                f"{prompt_id}: the prompt is longer than the prior reads; its middle is left out",
                file=sys.stderr,
            )
        distil = ScoreDistillation(prior, settings.score, config.prior, prompt)

        # Start, or go on.
        generators = {
            name: torch.Generator().manual_seed(len(GENERATORS) * seed + index)
            for index, name in enumerate(GENERATORS)
        }
        resumed = load_checkpoint(checkpoint, digest)
        if resumed is None:
            avatar = Avatar.on_body(
                body,
                settings.gaussians,
                settings.opacity,
                generators["start"],
                settings.residual_skinning,
            )
        else:
            avatar = from_state(resumed["avatar"]).to(device)
        optimiser = make_optimiser(avatar, settings.lr)
        density = DensityControl(settings.density, settings.steps, len(avatar), device)
        finished, seconds = 0, 0.0
        if resumed is not None:
            optimiser.load_state_dict(resumed["optimiser"])
            density.load_state_dict({k: v.to(device) for k, v in resumed["density"].items()})
            for name, generator in generators.items():
                generator.set_state(resumed["generators"][name])
            finished, seconds = resumed["finished"], resumed["seconds"]

        def save_state() -> None:
            curves.sync()
            save_checkpoint(
                checkpoint,
                digest,
                {
                    "finished": finished,
                    "seconds": seconds,
                    "avatar": state(avatar),
                    "optimiser": optimiser.state_dict(),
                    "density": density.state_dict(),
                    "generators": {name: g.get_state() for name, g in generators.items()},
                },
            )

        label = f"{prompt_id}, seed {seed}"
        with (
            Curves(out_dir / "curves.csv", finished) as curves,
            StepProgress(label, finished, settings.steps, progress) as bar,
        ):
            while finished < settings.steps:
                began = time.perf_counter()

                # What is looked at.
                views = sample_views(body, settings, generators["views"])
                weights = avatar.weights()
                rendering = avatar.render(
                    body,
                    views.poses,
                    views.cameras,
                    views.backgrounds,
                    config.rasteriser,
                    weights=weights,
                )
                rendering.info["means2d"].retain_grad()
                drawn = condition(body, views) if settings.pose_guidance else None

                # Eq. 8.
                score, row = distil(
                    rendering.rgb,
                    views.cameras,
                    drawn,
                    finished,
                    settings.steps,
                    generators["noise"],
                )
                scale = scale_loss(avatar.scales, settings.loss.scale_threshold)
                skin = skinning_loss(weights, avatar.smpl_weights)
                loss = score + settings.loss.scale * scale + settings.loss.skin * skin

                slow_means(optimiser, settings.lr, finished / settings.steps)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                refuse_not_finite(loss, avatar, finished + 1, checkpoint)
                optimiser.step()
                density.observe(rendering.info)
                finished += 1

                if finished % REFRESH_EVERY == 0:
                    avatar.refresh_smpl_weights(body)
                density.update(finished, avatar, optimiser, body, generators["density"])

                # What is told and kept.
                spent = time.perf_counter() - began
                seconds += spent
                terms = {"loss": loss, "score": score, "scale": scale, "skin": skin}
                row |= {name: value.item() for name, value in terms.items()}
                row |= {
                    "opacity": avatar.opacities.mean().item(),
                    "gaussians": float(len(avatar)),
                    "seconds": spent,
                }
                curves.append({"step": float(finished), **row})
                bar.update(finished, f"{spent:.2f} s a step, {len(avatar):,} Gaussians")
                if tracker is not None and finished % TRACK_EVERY == 0:
                    tracker.log_metrics(finished, row)
                if finished % settings.preview_every == 0 or finished == settings.steps:
                    path = out_dir / "previews" / f"step_{finished:05d}.png"
                    picture = render_preview(avatar, body, settings.size, config.rasteriser)
                    save_picture(path, picture)
                    if tracker is not None:
                        tracker.log_image(path.name, path)
                if finished % settings.checkpoint_every == 0 or stop.requested:
                    save_state()
                if stop.requested and finished < settings.steps:
                    print(
                        f"stopped after step {finished} of {settings.steps}: the same command "
                        f"goes on from there ({checkpoint})",
                        file=sys.stderr,
                    )
                    raise SystemExit(130)

        avatar.refresh_smpl_weights(body)
        path = out_dir / "avatar.safetensors"
        data = config.model_dump(mode="json")
        metadata = AvatarMetadata(
            prompt_id=prompt_id,
            prompt=prompt,
            seed=seed,
            steps=settings.steps,
            body_id=body.id,
            digest=digest,
            config=data,
            version=importlib.metadata.version("gaussianmotion"),
        )
        save_avatar(path, avatar, metadata)
        final = curves.means(settings.steps - max(1, round(FINAL_SHARE * settings.steps)))
        write_json(
            out_dir / "run.json",
            {
                "prompt_id": prompt_id,
                "prompt": prompt,
                "seed": seed,
                "digest": digest,
                "body_id": body.id,
                "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "steps": settings.steps,
                "seconds": round(seconds, 2),
                "gaussians": len(avatar),
                "final": final,
                "unknown_words": unknown,
                "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
                "threads": config.threads,
                "versions": versions(),
                "config": data,
            },
        )
        # Last: a kill before this line finds the finished checkpoint and only writes again.
        checkpoint.unlink(missing_ok=True)
    return path


def choose_device(name: str) -> torch.device:
    """The device of the key ``device``.

    Raises:
        UserError: cuda is asked for, and there is none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda was asked for, but torch sees no GPU: write device: auto")
    return torch.device(name)


def make_optimiser(avatar: Avatar, lr: LearningRates) -> torch.optim.Adam:
    """Adam with one named group per field of the Gaussians, and one for the skinning network."""
    rates = {
        "means": lr.means,
        "quats": lr.quats,
        "log_scales": lr.scales,
        "logit_opacities": lr.opacities,
        "colours": lr.colours,
    }
    groups: list[dict[str, Any]] = [
        {"params": [getattr(avatar, name)], "lr": rates[name], "name": name}
        for name in GAUSSIAN_FIELDS
    ]
    if avatar.skinning is not None:
        parameters = list(avatar.skinning.parameters())
        groups.append({"params": parameters, "lr": lr.skinning, "name": "skinning"})
    return torch.optim.Adam(groups, eps=ADAM_EPS)


def slow_means(optimiser: torch.optim.Adam, lr: LearningRates, done: float) -> None:
    """Set the means' learning rate after the share ``done`` of the training."""
    for group in optimiser.param_groups:
        if group["name"] == "means":
            group["lr"] = lr.means * lr.means_decay**done


def refuse_not_finite(loss: Tensor, avatar: Avatar, step: int, checkpoint: Path) -> None:
    """Stop before a NaN enters the Gaussians and, from there, the next checkpoint.

    Raises:
        UserError: the loss or a gradient is not finite.
    """
    wrong = [
        name
        for name, parameter in avatar.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    if wrong or not loss.isfinite():
        what = f"the gradient of {', '.join(wrong)}" if wrong else "the loss"
        kept = f"; {checkpoint} keeps the state before it" if checkpoint.exists() else ""
        raise UserError(
            f"training diverged at step {step}: {what} is not finite; lower "
            f"train.score.guidance_scale or train.lr, or set prior.dtype: float32{kept}"
        )


def versions() -> dict[str, str]:
    """Of Python, of this package and of what computes."""
    packages = ("gaussianmotion", "torch", "numpy", "numba", "gsplat", "diffusers", "transformers")
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}
