"""The views of the next step, prepared while the device still works on this one.

Poses, cameras and the pose pictures are the CPU's work, some 15 ms a step at the paper's sizes.
What a GPU was asked for it does by itself; a CPU that draws the next views meanwhile costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.config import TrainConfig
from gaussianmotion.guidance.timesteps import annealed
from gaussianmotion.pose.condition import SKELETON, condition_image
from gaussianmotion.pose.openpose import Neck
from gaussianmotion.runtime.transfer import upload
from gaussianmotion.training.cameras import Views, sample_views

Condition = Callable[[Body, Views], Float[Tensor, "B K H W"]]


def draw_pose(
    body: Body, views: Views, neck: Neck = "joint", channels: int = SKELETON
) -> Float[Tensor, "B K H W"]:
    """The pictures of views that the ControlNet reads."""
    return condition_image(body, views.poses, views.cameras, channels, neck)


@dataclass(frozen=True)
class Prepared:
    """What one step looks at.

    Attributes:
        views: On the training's device, but for the cameras' angles, which distillation reads.
        condition: What the prior is conditioned on, on the device; None without pose guidance.
    """

    views: Views
    condition: Float[Tensor, "B K H W"] | None


class Lookahead:
    """Draws each step's views, one step ahead where asked to."""

    def __init__(
        self,
        body: Body,
        config: TrainConfig,
        generator: torch.Generator,
        condition: Condition,
    ) -> None:
        """Nothing is drawn yet.

        Args:
            body: On the training's device.
            config: Poses, cameras, backgrounds and whether poses are drawn for the prior.
            generator: CPU generator of the views.
            condition: Draws them, on the CPU.
        """
        self._body, self._device = body.to("cpu"), body.device
        self._config, self._generator, self._condition = config, generator, condition
        self._next: Prepared | None = None
        self._before = generator.get_state()

    def take(self, step: int) -> Prepared:
        """The views of the step that begins, counted from 0."""
        taken = self._next or self._draw(step)
        self._next = None
        return taken

    def prepare(self, step: int) -> None:
        """Draw the views of the step that comes next now."""
        if self._next is None:
            self._next = self._draw(step)

    def generator_state(self) -> Tensor:
        """The generator's state from before what was drawn and not taken yet: for a checkpoint."""
        return self._generator.get_state() if self._next is None else self._before

    def _draw(self, step: int) -> Prepared:
        self._before = self._generator.get_state()
        late = annealed(self._config.score, step, self._config.steps)
        views = sample_views(self._body, self._config, self._generator, late)
        drawn = self._condition(self._body, views) if self._config.pose_guidance else None
        return Prepared(
            views=_to(views, self._device),
            condition=None if drawn is None else upload(drawn, self._device),
        )


def _to(views: Views, device: torch.device) -> Views:
    """The same views on a device; nothing there asks for the cameras' angles, which stay."""
    cameras = replace(
        views.cameras,
        viewmats=upload(views.cameras.viewmats, device),
        Ks=upload(views.cameras.Ks, device),
    )
    return Views(upload(views.poses, device), cameras, upload(views.backgrounds, device))
