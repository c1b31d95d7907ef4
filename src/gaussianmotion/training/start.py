"""Where a training begins: with a new avatar on the body, or with what an earlier run left."""

from dataclasses import dataclass
from typing import Any

import torch

from gaussianmotion.avatar.density import DensityControl
from gaussianmotion.avatar.face import FaceLayer
from gaussianmotion.avatar.file import from_state
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.whose_face import whose_face
from gaussianmotion.body import Body
from gaussianmotion.body.face import face_density
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.config import TrainConfig
from gaussianmotion.config.face import face_path
from gaussianmotion.training.checkpoint import go_on
from gaussianmotion.training.optimiser import make_optimiser
from gaussianmotion.training.randomness import generators_of


@dataclass(frozen=True)
class Start:
    """All that a training's steps change.

    Attributes:
        avatar: On the training's device.
        optimiser: Of its parameters.
        density: That clones and prunes it.
        generators: On the CPU, by purpose.
        face: The Gaussians of the face, where ``face.contrast`` is set.
        finished: Steps that were taken before.
        seconds: That they took.
    """

    avatar: Avatar
    optimiser: torch.optim.Adam
    density: DensityControl
    generators: dict[str, torch.Generator]
    face: FaceLayer | None
    finished: int = 0
    seconds: float = 0.0


def start(
    settings: TrainConfig, body: Body, prompt: str, seed: int, kept: dict[str, Any] | None
) -> Start:
    """Begin a training, or go on with one.

    Args:
        settings: Of the training.
        body: On its device.
        prompt: The sentence, which says whose face it is.
        seed: Of everything random.
        kept: What a checkpoint holds (:func:`.checkpoint.training_state`), if there is one.
    """
    generators = generators_of(seed)
    face = None
    if kept is None or settings.face.contrast:
        density = None
        if settings.face.contrast:
            marks = load_marks(face_path(whose_face(prompt, seed)))
            density = face_density(body, marks, settings.face.points)
        avatar = Avatar.on_body(
            *(body, settings.gaussians, settings.opacity, generators["start"]),
            *(settings.residual_skinning, settings.detail),
            *(settings.skirt, settings.smooth_weights),
            density=density,
            even=settings.even_start,
        )
        if settings.face.contrast:
            face = FaceLayer(avatar.means, body, marks, settings.face.contrast, settings.face.tone)
    if kept is not None:
        avatar = from_state(kept["avatar"]).to(body.device)
    optimiser = make_optimiser(avatar, settings.lr)
    # Of a new avatar those that were put between the legs are the last; a checkpoint knows better.
    between = max(0, len(avatar) - settings.gaussians)
    control = DensityControl(
        *(settings.density, settings.steps, len(avatar), body.device, between),
        smooth_weights=settings.smooth_weights,
        began=avatar.means.detach().clone(),
    )
    if kept is None:
        return Start(avatar, optimiser, control, generators, face)
    finished, seconds = go_on(kept, optimiser, control, generators)
    return Start(avatar, optimiser, control, generators, face, finished, seconds)
