"""What config/people.yaml is made of: skirts, smooth weights, late pictures, words of the prior."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from bad_inputs.arrays import SHIPPED_BODY
from bad_inputs.case import CONFIG, TRAIN, Case, Change, keys, nothing

AVATAR = ("new/avatar.safetensors",)


def _train(what: str, *settings: str, change: Change = nothing) -> Case:
    """A training that is right and ends with an avatar."""
    return Case(f"train, {what}", (*TRAIN, *keys(*settings)), "", change, 0, AVATAR)


def _refused(says: str, setting: str, *more: str) -> Case:
    return Case(f"train, {' '.join((setting, *more))[:60]}", (*TRAIN, *keys(setting, *more)), says)


def _schedule(says: str, **values: Any) -> Case:
    def change(folder: Path) -> None:
        path = folder / "prior/scheduler/scheduler_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    (name, value), *_ = reversed(values.items())
    return Case(f"the prior's schedule, {name}: {value}", TRAIN, says, change)


def coarse_body(folder: Path) -> None:
    """A body of 300 vertices, the hull of some of the shipped one's."""
    from scipy.spatial import ConvexHull

    with np.load(folder / SHIPPED_BODY) as file:
        body = {key: file[key] for key in file.files}
    joints = body["J_regressor"] @ body["v_template"]
    kept = slice(None, None, 45)
    vertices = body["v_template"][kept]
    regressor = np.zeros((24, len(vertices)), np.float32)
    for row, joint in zip(regressor, joints, strict=True):
        row[np.square(vertices - joint).sum(1).argsort()[:6]] = 1 / 6
    np.savez(
        folder / "body.npz",
        v_template=vertices,
        f=ConvexHull(vertices).simplices,
        weights=body["weights"][kept],
        shapedirs=body["shapedirs"][kept],
        J_regressor=regressor,
        kintree_table=body["kintree_table"],
        landmark_vertex_ids=np.arange(5),
    )


LATE = "train.score.late_method=sdedit"
CASES = [
    _refused("greater than or equal to 0", "train.skirt=-0.1"),
    _refused("less than or equal to 1", "train.skirt=1.5"),
    _refused("finite", "train.skirt=.nan"),
    _refused("must be a number", "train.skirt=yes"),
    _refused("true or false", "train.smooth_weights=rather"),
    _refused("cannot compute with", "train.detail=1e30"),
    _refused("must be 'sdedit'", "train.score.late_method=ddim"),
    _refused("greater than or equal to 1", "train.score.late_steps=0"),
    _refused("less than or equal to 1000", LATE, "train.score.late_steps=1000000"),
    _refused("greater than or equal to 1", "train.score.late_repeats=0"),
    _refused("less than or equal to 100", LATE, "train.score.late_repeats=1000000"),
    _refused("greater than 0", "train.score.late_scale=-1"),
    _refused("less than or equal to 1000", "train.score.inversion_steps=1000000"),
    _train("a skirt of no Gaussian", "train.skirt=0.0001"),
    _train("a skirt as large as the body", "train.skirt=1.0", "train.smooth_weights=true"),
    _train("a coarse body", "body.path=body.npz", "train.skirt=0.5", "train.smooth_weights=true",
           change=coarse_body),
    _train("late pictures from the first step on", LATE, "train.score.anneal_at=0"),
    _train("late pictures that never come", LATE, "train.score.anneal_at=1"),
    _train("late pictures after inversion", LATE, "train.score.method=sdi"),
    _train("no word for heads", "prior.framing_words={head: ''}"),
    _refused("must be text", "prior.framing_words={head: 5}"),
    _refused("must be text", "prior.framing_words={head: {a: b}}"),
    _refused("must be text", "prior.framing_words={head: null}"),
    _refused("remove it, prior.framing_words has", "prior.framing_words={feet: x}"),
    _refused("did you mean .*full_body", "prior.framing_words={full body: x}"),
    _refused("must be a section of keys", "prior.framing_words=[head]"),
    _refused("too many; shorten", f"prior.framing_words={{head: {'x' * 3000}}}"),
    _refused("control character", 'prior.framing_words={head: "a\\0b"}'),
    _refused("control character", 'prior.prompt_suffix="a\\e[31m"'),
    _refused("too many; shorten", f"prior.negative_prompt={'x' * 3000}"),
    _schedule("do not rise within 0 and 1", beta_start=0.0, beta_end=0.0),
    _schedule("do not rise within 0 and 1", beta_end=2.0),
    _schedule("but 1000 are needed", num_train_timesteps=10),
    _schedule("but 1000 are needed", num_train_timesteps=0),
    _schedule("but 1000 are needed", num_train_timesteps=10**9),
    _schedule("is not scaled_linear or linear", beta_schedule="cosine"),
    _schedule("no magnitude", clip_sample=True, clip_sample_range=-1),
    Case("reference, a schedule of 10 steps",
         ("reference", *CONFIG, "--prompt", "a man in a suit", "--out", "samples"),
         "but 1000 are needed", _schedule("", num_train_timesteps=10).change),
]  # fmt: skip
