"""One prompt's training: score distillation, losses, density control, poses, views."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussianmotion.config.distillation import DistillationConfig
from gaussianmotion.config.face import FaceConfig
from gaussianmotion.config.section import Colour, Count, Positive, Section, Share


class LossConfig(Section):
    """Weights of eq. 8.

    Eq. 7 is a mean over N Gaussians, so lambda_scale reaches each of them divided by N, while the
    gradient of score distillation with respect to one splat depends on its size in latent cells, s
    and w(t), not on N. 3e4 was found at 12,000 Gaussians, 32 x 32 latents, s = 7.5 and
    w = 1 - alpha_bar (about 0.6 on average). The same balance at 50,000, 64 x 64, s = 50 and w = 1
    is 3e4 x 50/12 x (64/32)^2 x 50/7.5 / 0.6 = 5.6e6. Its exact size matters little: the loss is
    zero below r, and Adam bounds the step above it.

    L_skin is such a mean, too. Its weight 1 would leave f_theta to the score alone: of a made-up
    score of s = 50 at these sizes (0.02 a pixel, no direction) the gradient on f_theta's last layer
    is 60 to 900, that of L_skin, where weights are 0.1 to 0.2 off w_SMPL, 0.1 to 0.2. 2e3 makes the
    two equal there. An estimate: no training at these sizes has confirmed it.
    """

    scale: Annotated[float, Field(ge=0)] = Field(
        5e6, description="lambda_scale; in proportion to the number of Gaussians, see LossConfig."
    )
    scale_threshold: Positive = Field(0.01, description="r of eq. 7, metres.")
    skin: Annotated[float, Field(ge=0)] = Field(2e3, description="lambda_skin; see LossConfig.")


class LearningRates(Section):
    """Adam learning rates, one per group."""

    means: Positive = Field(1.6e-4, description="Of positions, metres a step at first.")
    means_decay: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.05,
        description="Share of its rate that the means' falls to, exponentially: surfaces move "
        "early and are smooth late.",
    )
    quats: Positive = Field(1e-3, description="Of rotations, which are quaternions.")
    scales: Positive = Field(5e-3, description="Of sizes, which are logarithms of metres.")
    opacities: Positive = Field(1e-2, description="Of opacities, which are logits.")
    colours: Positive = Field(1.25e-2, description="Of colours, which are logits.")
    skinning: Positive = Field(1e-4, description="Of the network f_theta of eq. 4.")
    final_decay: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        1.0,
        description="Share of their rates that those of colours, opacities and scales fall to, "
        "exponentially, at the end: at a large guidance scale a gradient without direction leaves "
        "grain, 0.1 of a colour in 1,000 steps.",
    )
    final_share: Share = Field(0.25, description="Share of the training over which they fall.")


class DensityConfig(Section):
    """Adaptive density control, for the magnitude of score-distillation gradients."""

    enabled: bool = Field(True, description="Grow and remove Gaussians during the training.")
    start: Share = Field(0.1, description="Share of the training before which nothing is cloned.")
    stop: Share = Field(0.7, description="Share of the training after which nothing is cloned.")
    prune_stop: Share = Field(
        0.92,
        description="Share of the training after which nothing is removed: what it leaves open "
        "needs steps to close.",
    )
    every: Count = Field(300, description="Steps between two density updates.")
    grow_quantile: Share = Field(
        0.97, description="Gaussians above this quantile of the mean view gradient are grown."
    )
    grow_scale: Positive = Field(
        0.01, description="Metres; above it a Gaussian is split, below it cloned."
    )
    max_gaussians: Annotated[int, Field(ge=1, le=100_000_000)] = Field(
        200_000, description="Nothing is grown beyond this number of Gaussians."
    )
    moments: Literal["zero", "parent"] = Field(
        "zero",
        description="Adam's moments of new Gaussians. With zero, and without a new correction of "
        "their bias, they step at several times their rate at first; parent copies those of the "
        "Gaussian that they grew from.",
    )
    prune_opacity: Share = Field(0.005, description="Gaussians fainter than this are removed.")
    prune_scale: Positive = Field(
        0.1, description="Metres; Gaussians whose largest axis exceeds it are removed."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "DensityConfig":
        if self.start > self.stop:
            raise ValueError(
                f"start must not be above stop, but they are {self.start:g} and {self.stop:g}"
            )
        return self


class PoseConfig(Section):
    """Training poses: normal around the star pose, within human joint limits."""

    distribution: Literal["star_normal", "fixed"] = Field(
        "star_normal", description="fixed: every step uses the mean pose (the static ablation)."
    )
    mean: Literal["star", "a", "t"] = Field(
        "star", description="The pose that the others scatter around."
    )
    std: Annotated[float, Field(ge=0)] = Field(
        20.0, description="Standard deviation of the large joints, degrees; the spine gets a third."
    )
    arms_down: Share = Field(
        0.0,
        description="Share of poses whose arms are lowered to the sides and legs closed. Around "
        "the star alone, 1 pose in 500 has both thighs within 15 degrees of straight down.",
    )


# Degrees of elevation and field of view; heights over a part's own.
_POSSIBLE = {
    "elevation": (-89.0, 89.0),
    "fov_y": (1.0, 150.0),
    "margin": (0.1, 10.0),
    "late_head_margin": (0.1, 10.0),
}


class CameraConfig(Section):
    """Random training views."""

    elevation: tuple[float, float] = Field((-15.0, 30.0), description="Degrees.")
    fov_y: tuple[float, float] = Field((40.0, 60.0), description="Degrees.")
    full_body: Share = Field(0.6, description="Share of views that show the whole person.")
    upper_body: Share = Field(0.2, description="Share of views from the hips to the head.")
    head: Share = Field(0.2, description="Share of close-ups of the head.")
    lower_body: Share = Field(0.0, description="Share of views from the hips to the feet.")
    margin: tuple[float, float] = Field(
        (1.1, 1.4), description="Height of the framed part's picture over the part's own height."
    )
    late_head_margin: tuple[float, float] | None = Field(
        None,
        description="margin of heads after score.anneal_at; as before where not given. Below 1 a "
        "head is larger than the picture: the closer, the finer a face's features.",
    )
    clear: bool = Field(
        True,
        description="Draw a close-up again that a limb blocks, as an outstretched arm does between "
        "camera and face.",
    )

    @model_validator(mode="after")
    def _shares(self) -> "CameraConfig":
        total = self.full_body + self.upper_body + self.head + self.lower_body
        if abs(total - 1.0) > 1e-6:
            raise ValueError(
                f"full_body + upper_body + head + lower_body must be 1, but they sum to {total:g}"
            )
        return self

    @model_validator(mode="after")
    def _possible(self) -> "CameraConfig":
        for key, (low, high) in _POSSIBLE.items():
            value = getattr(self, key)
            if value is not None and not low <= value[0] <= value[1] <= high:
                raise ValueError(
                    f"{key} must be two numbers within {low:g} and {high:g}, the smaller first, "
                    f"but it is {list(value)}"
                )
        return self


class TrainingScale(Section):
    """How large a training is, as far as a table must say it."""

    steps: Count = Field(3600, description="Optimiser steps of one avatar.")
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(4, description="Views per step.")
    size: Annotated[int, Field(ge=32, le=4096, multiple_of=32)] = Field(512, description="Pixels.")


class TrainConfig(TrainingScale):
    """One prompt's training."""

    gaussians: Annotated[int, Field(ge=100, le=10_000_000)] = Field(
        50_000, description="Points on the body at the start."
    )
    even_start: bool = Field(
        False,
        description="They begin at equal distances from one another, not at random places, which "
        "leave holes that a short training does not close.",
    )
    opacity: Share = Field(0.1, description="Opacity at the start.")
    detail: Positive = Field(
        1.0,
        description="Points on head and hands at the start, for each elsewhere on the same area.",
    )
    skirt: Share = Field(
        0.0,
        description="Gaussians that begin between the legs, in parts of those on the body; faint, "
        "and those that have become fainter by score.anneal_at leave: no skirt needed them.",
    )
    smooth_weights: bool = Field(
        False,
        description="w_SMPL of Gaussians away from the body is a mean over what is about as near, "
        "and not of the nearest vertex alone: skirts do not part in the middle.",
    )
    keep_outside: bool = Field(
        False,
        description="Every 25 steps Gaussians that are below the skin go back to where they "
        "began: bare skin is the body's, and what is worn lies over it.",
    )
    smooth_surface: bool = Field(
        False,
        description="At the end Gaussians are moved onto the planes of their neighbours and turned "
        "flat into them, widened until they leave no gaps, and hidden where they are away from all "
        "others; colours that mix two get one of them: outlines and hems are edges.",
    )
    garments: bool = Field(
        False,
        description="At the end, if the prior names regions: each garment gets colours of its own "
        "up to its edges, half-way to those in the prior's pictures; skin gets their tone, as far "
        "as face.tone says; with smooth_surface clothes are lifted off the skin, shoes lose their "
        "toes, and skirts get level hems.",
    )
    light: Share = Field(
        0.0,
        description="Light from above and in front that is painted on at the end, in parts of the "
        "colour: the mean of pictures that are lit from anywhere is flat.",
    )
    close_gaps: Share = Field(
        0.0,
        description="Least size of Gaussians after score.anneal_at, in parts of the distance of "
        "their neighbours, up to 1.5 loss.scale_threshold: no gaps in cloth. 0: as learnt.",
    )
    opacity_compensation: bool = Field(
        False,
        description="Draw splats that are smaller than a pixel fainter instead of larger "
        "(Mip-Splatting's 2D filter), so that near and far views agree.",
    )
    pose_guidance: bool = Field(True, description="Give the pose image to the ControlNet.")
    pose_per_view: bool = Field(True, description="A pose for each view, not one for each step.")
    residual_skinning: bool = Field(True, description="Learn f_theta of eq. 4.")
    backgrounds: list[Colour] = Field(
        default_factory=lambda: [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)],
        description="RGB in [0, 1]; each view draws one.",
        min_length=1,
    )
    score: DistillationConfig = DistillationConfig()
    loss: LossConfig = LossConfig()
    lr: LearningRates = LearningRates()
    density: DensityConfig = DensityConfig()
    poses: PoseConfig = PoseConfig()
    cameras: CameraConfig = CameraConfig()
    face: FaceConfig = FaceConfig()
    checkpoint_encoder: bool = Field(
        False,
        description="Compute the VAE encoder's activations again in the backward pass in place of "
        "keeping them: about 4 GiB less at 512 px and 4 views, for a few per cent of time.",
    )
    compile: bool = Field(
        False,
        description="Let torch compile the prior's networks (minutes at the first step); on CUDA "
        "the noise prediction becomes a CUDA graph. The results differ in the last digits.",
    )
    preview_every: Count = Field(200, description="Steps between two preview images.")
    checkpoint_every: Count = Field(200, description="Steps between two checkpoints.")

    @model_validator(mode="after")
    def _learnable(self) -> "TrainConfig":
        if not 0.0 < self.opacity < 1.0:  # the ends are infinite logits
            raise ValueError(f"opacity must be between 0 and 1, but it is {self.opacity:g}")
        return self
