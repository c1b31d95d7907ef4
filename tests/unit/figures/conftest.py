"""An experiment of one tiny painted avatar, which stands in for all of its runs."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata, save_avatar
from gaussianmotion.body import Body
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.config.stages import FigureSettings
from gaussianmotion.scores.pose.mannequin import mannequin

PROMPTS = {"ann": "a woman in a red dress", "bob": "a man in a $5 hat and " + "very " * 80 + "old"}
VARIANTS = ("ours", "no_pose_guidance", "tau_400", "tau_100", "prune_0.1", "scale_reg")


@pytest.fixture(scope="session")
def config() -> FigureSettings:
    return FigureSettings(device="cpu", motions=["walk", "kick"], render=RenderConfig(size=64))


@pytest.fixture(scope="session")
def root(open_body: Body, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two prompts and some variants; bob has ours only."""
    folder = tmp_path_factory.mktemp("results") / "small"
    folder.mkdir()
    lines = [f"{key}\t{text}" for key, text in PROMPTS.items()]
    (folder / "prompts.tsv").write_text("\n".join(["id\tprompt", *lines]) + "\n")
    first = folder / "ours/ann/0"
    _run(first, open_body)
    shutil.copytree(first, folder / "ours/bob/0")
    for variant in VARIANTS[1:]:
        shutil.copytree(first, folder / variant / "ann/0")
    noised = folder / "noised/ann"
    noised.mkdir(parents=True)
    for name in ("render", "with", "without"):
        Image.new("RGB", (64, 64), (90, 120, 150)).save(noised / f"{name}.png")
    (noised / "noised.json").write_text('{"timestep": 550}')
    return folder


def _run(folder: Path, body: Body) -> None:
    folder.mkdir(parents=True)
    config = Config.model_validate({"prior": {"model": "m/x", "controlnet": "m/y"}})
    metadata = AvatarMetadata(
        prompt_id="ann",
        prompt=PROMPTS["ann"],
        seed=0,
        steps=1,
        body_id=body.id,
        digest="d" * 16,
        config=config.model_dump(mode="json"),
        version=__version__,
    )
    save_avatar(folder / "avatar.safetensors", mannequin(body, 1500), metadata)
    facts = {"gaussians": 1500, "body_id": body.id, "config": metadata.config}
    (folder / "run.json").write_text(json.dumps(facts))
    front = {"file": "front.png", "azimuth": 0.0}
    views = {"version": 7, "prompt": PROMPTS["ann"], "front": front, "views": [front]}
    (folder / "views.json").write_text(json.dumps(views))
    picture = Image.new("RGB", (64, 64), "white")
    picture.paste((200, 30, 30), (20, 5, 44, 60))
    picture.save(folder / "front.png")
