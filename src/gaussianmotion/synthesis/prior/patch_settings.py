"""What decides the result of a training of the prior on pixel patches."""

from dataclasses import dataclass, field

from gaussianmotion.synthesis.prior.patch_networks import Shape


@dataclass(frozen=True)
class Phase:
    """A stretch of the training at one size.

    Attributes:
        until: Samples at which it ends.
        size: Pixels of a picture.
        patch: Pixels of a cell; a phase may have twice the patch of the one before.
        batch: Samples per step.
        heads: Share of close-ups of heads among the samples; 0 leaves the share of the data.
    """

    until: int
    size: int
    patch: int
    batch: int
    heads: float = 0.0


@dataclass(frozen=True)
class PatchSettings:
    """The settings that decide the result.

    Attributes:
        shape: Shape of the networks, with the patch of the last phase.
        scaling: Factor of the pixels for that patch; twice as large for half the patch.
        regions: Weight of the regions' cross-entropy.
        normals: Weight of the normals' error; 0 leaves them out.
        face_weight: Weight that is added to the loss on faces.
        lr: Learning rate between warm-up and tail.
        warmup: Samples over which the rate rises.
        text_drop: Share of samples with the empty caption (classifier-free guidance).
        pose_drop: Share of samples without a pose, independent of ``text_drop``.
    """

    shape: Shape = field(default_factory=Shape)
    scaling: float = 0.4
    regions: float = 0.3
    normals: float = 0.0
    face_weight: float = 3.0
    lr: float = 2e-3
    weight_decay: float = 0.01
    warmup: int = 640
    text_drop: float = 0.10
    pose_drop: float = 0.12
    mirror: bool = True
    seed: int = 0


def phases_of(small: int, batch: int, heads: float = 0.0) -> tuple[Phase, ...]:
    """The two phases of a training: at 64 px, then at 128 px.

    Pose and colours bind at 64 px, where a sample costs a third of one at 128 px. The cells have
    4x4 pixels in both phases: the networks see 16x16 of them, then 32x32.

    Args:
        small: Samples of the first phase.
        batch: Samples per step.
        heads: Share of close-ups of heads in both phases.
    """
    return Phase(small, 64, 4, batch, heads), Phase(10**12, 128, 4, batch, heads)
