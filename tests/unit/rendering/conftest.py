"""A painted person with a red chest and a green left arm, on a small body of pictures."""

from pathlib import Path

import pytest
import torch

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata, save_avatar
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.scores.pose.mannequin import mannequin

RED, GREEN = (0.95, 0.02, 0.02), (0.02, 0.9, 0.02)
PROMPT = "a painted person"


@pytest.fixture(scope="session")
def avatar_path(open_body: Body, tmp_path_factory: pytest.TempPathFactory) -> Path:
    avatar = mannequin(open_body, 4000)
    part = avatar.smpl_weights.argmax(dim=1)
    trunk = torch.isin(part, torch.tensor([INDEX["spine2"], INDEX["spine3"]]))
    chest = trunk & (avatar.means[:, 2] > open_body.joints[INDEX["spine3"], 2] + 0.06)
    arm = (part == INDEX["left_shoulder"]) | (part == INDEX["left_elbow"])
    with torch.no_grad():
        avatar.colours[chest] = torch.tensor(RED).logit()
        avatar.colours[arm] = torch.tensor(GREEN).logit()
    path = tmp_path_factory.mktemp("avatar") / "avatar.safetensors"
    metadata = AvatarMetadata(
        prompt_id="painted",
        prompt=PROMPT,
        seed=3,
        steps=1,
        body_id=open_body.id,
        digest="d" * 16,
        config=Config().model_dump(mode="json"),
        version=__version__,
    )
    save_avatar(path, avatar, metadata)
    return path


@pytest.fixture(scope="session")
def settings() -> RenderConfig:
    return RenderConfig(
        size=96, views=4, turntable_frames=12, fps=8, motion_seconds=1.0, motion_seconds_max=3.0
    )
