"""What is put right now and then between steps: places, blend weights, sizes that leave gaps."""

from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaps import close_gaps
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.outside import back_to_the_skin
from gaussianmotion.body import Body
from gaussianmotion.config import TrainConfig
from gaussianmotion.guidance.timesteps import annealed

# A mean moves by at most its learning rate a step, 4 mm in 25 steps at 1.6e-4: less than the
# distance between two vertices of the body. Looking w_SMPL up at every step would gain nothing.
EVERY = 25
# How large gaps may make a Gaussian, in parts of the size beyond which L_scale shrinks it (slowly).
LARGEST = 1.5


def tidy(
    avatar: Avatar,
    body: Body,
    settings: TrainConfig,
    finished: int,
    began: Float[Tensor, "N 3"],
    held: Int[Tensor, " M"] | None = None,
) -> None:
    """Do so after every 25th step and the last one.

    What is done depends on the avatar, where it began and the step alone: a training that was
    killed goes on as it would have.

    Args:
        avatar: Avatar in training, changed in place.
        body: Its body.
        settings: Settings of the training.
        finished: Steps that were taken.
        began: Where each Gaussian began, canonical, metres.
        held: Numbers of Gaussians whose place and shape are not changed.
    """
    if finished % EVERY and finished != settings.steps:
        return
    if settings.keep_outside:
        back_to_the_skin(avatar, body, began, held)
    avatar.refresh_smpl_weights(body, settings.smooth_weights)
    if settings.close_gaps and annealed(settings.score, finished - 1, settings.steps):
        largest = LARGEST * settings.loss.scale_threshold
        if settings.density.enabled:  # what is widened is not to be pruned for it
            largest = min(largest, settings.density.prune_scale)
        close_gaps(avatar, settings.close_gaps, largest, held)
