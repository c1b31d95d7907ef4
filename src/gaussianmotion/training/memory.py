"""How much GPU memory a training needs, by count, and which keys make it need less.

Counted on Stable Diffusion 1.5's real shapes in half precision (``tests/unit/guidance/
test_execution.py`` counts the encoder again): weights 2.7 GiB; what the VAE's encoder keeps for its
backward pass, 1.55 GiB for each view of 512 px, 0.7 with ``train.checkpoint_encoder``. The rest is
an estimate: 1.5 GiB for CUDA, its libraries' workspaces and the Gaussians, and 0.27 for each view.
"""

from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.models.sources import PIXEL_CODEC, codec_class

_WEIGHTS_GIB, _REST_GIB = 2.7, 1.5
_KEPT_GIB, _CHECKPOINTED_GIB, _VIEW_GIB = 1.55, 0.7, 0.27  # of one view of 512 px
_SMALL = ("AutoencoderTiny", PIXEL_CODEC)
# The embedded prior's networks are a hundredth of that, and its views a sixteenth.
_SMALL_GIB = 1.5


def peak_gib(config: Config, batch: int | None = None, checkpointed: bool | None = None) -> float:
    """About the most GPU memory that one training takes, GiB.

    Args:
        config: Of which prior and train are read.
        batch: In place of ``train.batch``.
        checkpointed: In place of ``train.checkpoint_encoder``.
    """
    if codec_class(Path(config.prior.model).expanduser()) in _SMALL:
        return _SMALL_GIB
    train = config.train
    if checkpointed is None:
        checkpointed = train.checkpoint_encoder
    bytes_over_half = 2.0 if config.prior.dtype == "float32" else 1.0
    views = (batch or train.batch) * (train.size / 512) ** 2
    kept = (_CHECKPOINTED_GIB if checkpointed else _KEPT_GIB) + _VIEW_GIB
    return bytes_over_half * (_WEIGHTS_GIB + views * kept) + _REST_GIB


def less_memory(config: Config, has_gib: float | None = None) -> str:
    """Which keys make a training need less, with what it takes then.

    Args:
        config: The training's.
        has_gib: Memory of the GPU, where it is known; what would not fit is not named.
    """
    ways = []
    if not config.train.checkpoint_encoder:
        ways.append(("train.checkpoint_encoder: true", peak_gib(config, checkpointed=True)))
    if config.train.batch > 1:
        half = config.train.batch // 2
        ways.append((f"train.batch: {half}", peak_gib(config, half)))
        both = peak_gib(config, 1, checkpointed=True)
        ways.append(("train.checkpoint_encoder: true and train.batch: 1", both))
    fitting = [(key, gib) for key, gib in ways if has_gib is None or gib <= has_gib]
    if not fitting:
        return "take a larger GPU, or a smaller train.size"
    return "set " + ", or ".join(f"{key} (about {gib:.1f} GiB)" for key, gib in fitting[:2])


def out_of_memory(config: Config, has_gib: float | None) -> str:
    """What a training that ran out of memory needs, and which keys make it need less."""
    needed = peak_gib(config)
    at = f"train.batch {config.train.batch} and train.size {config.train.size}"
    if has_gib is not None and has_gib > needed + _REST_GIB:
        return (
            f"about {needed:.1f} are needed by count at {at}, so another program holds the rest "
            "(`nvidia-smi` shows which), or it is a bug"
        )
    room = None if has_gib is None else has_gib - 0.5  # the driver keeps some
    return f"about {needed:.1f} GiB are needed at {at}: {less_memory(config, room)}"
