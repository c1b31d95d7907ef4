"""Fig. 5's samples: one noised render, with and without the pose."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata, load_avatar, save_avatar
from gaussianmotion.body import Body
from gaussianmotion.comparisons.noised import sample_noised
from gaussianmotion.config import NoisedConfig
from gaussianmotion.config.file import validate
from gaussianmotion.config.stages import StandingRender
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pose.mannequin import mannequin

NAMES = ("pose.png", "render.png", "with.png", "without.png")


@pytest.fixture(scope="module")
def avatar(open_body: Body, tmp_path_factory: pytest.TempPathFactory) -> Path:
    layer = {
        "prior": {"model": "resources/prior", "controlnet": "resources/prior/controlnet"},
        "train": {"size": 128},
    }
    path = tmp_path_factory.mktemp("avatar") / "avatar.safetensors"
    metadata = AvatarMetadata(
        prompt_id="suit",
        prompt="a man in a blue suit",
        seed=0,
        steps=1,
        body_id=open_body.id,
        digest="d" * 16,
        config=validate(layer, "test").model_dump(mode="json"),
        version=__version__,
    )
    save_avatar(path, mannequin(open_body, 3000), metadata)
    return path


def test_an_avatar_of_another_version_is_one_line(avatar: Path, tmp_path: Path):
    made, metadata = load_avatar(avatar)
    for prior in ({"no_such_key": 1}, None):
        config = {key: value for key, value in metadata.config.items() if key != "prior"}
        config |= {} if prior is None else {"prior": prior}
        path = tmp_path / "avatar.safetensors"
        save_avatar(path, made, metadata.model_copy(update={"config": config}))
        with pytest.raises(UserError, match="another version of gaussianmotion"):
            sample_noised(path, tmp_path, NoisedConfig(steps=2), StandingRender())


def test_both_samples_start_from_the_same_noised_render(avatar: Path, tmp_path: Path):
    path = sample_noised(avatar, tmp_path, NoisedConfig(steps=2), StandingRender())
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts["timestep"] == 600
    assert facts["text"] == "a man in a blue suit, front view, full body"
    assert sorted(facts["files"]) == list(NAMES)
    pictures = {}
    for name in NAMES:
        with Image.open(tmp_path / name) as image:
            pictures[name] = np.asarray(image).astype(np.float32)
        assert pictures[name].shape == (128, 128, 3)
    # White ground, a person in the middle, and a skeleton on black.
    assert pictures["render.png"][:4].mean() > 250
    assert pictures["render.png"][40:90, 54:74].mean() < 220
    assert pictures["pose.png"][:4].max() == 0
    # The pose condition is the only difference, and it makes one.
    difference = np.abs(pictures["with.png"] - pictures["without.png"]).mean()
    assert difference > 1.0
