"""Arrays of files with wrong values, shapes, types and units."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from bad_inputs.case import AVATAR, CONFIG, TRAIN, Case, Change, keys, written

SMALL = keys("render.size=64", "render.views=2", "render.turntable_frames=2")
VIEWS = ("views", *CONFIG, "--avatar", AVATAR, "--out", "views.new", *SMALL)
PLY = ("export", "ply", "--avatar", AVATAR, "--out", "new.ply")
BODY = (*TRAIN, *keys("body.path=body.npz", "train.steps=1"))
ANIMATE = ("animate", *CONFIG, "--avatar", AVATAR, "--motion", "./m.npz", "--out", "m.mp4", *SMALL)
SHIPPED_BODY, SHIPPED_CLIP = "resources/body/open_body.npz", "resources/motions/walk.npz"


def tensor(name: str, change: Callable[[Tensor], Tensor]) -> Change:
    """Change one tensor of the avatar, or all of them (``*``)."""

    def changed(folder: Path) -> None:
        path = folder / AVATAR
        with safe_open(path, framework="pt") as handle:
            header = dict(handle.metadata())
            tensors = {key: handle.get_tensor(key) for key in handle.keys()}  # noqa: SIM118
        chosen = list(tensors) if name == "*" else [name]
        save_file(
            tensors | {key: change(tensors[key]).contiguous() for key in chosen}, path, header
        )

    return changed


def array(source: str, out: str, **changes: Callable[[np.ndarray], object]) -> Change:
    """Write a copy of an .npz with some of its arrays changed; None takes one away."""

    def changed(folder: Path) -> None:
        with np.load(folder / source) as file:
            arrays = {key: file[key] for key in file.files}
        for key, change in changes.items():
            value = change(arrays[key])
            arrays.pop(key) if value is None else arrays.__setitem__(key, np.asarray(value))
        np.savez(folder / out, **arrays)

    return changed


def _npy() -> bytes:
    memory = io.BytesIO()
    np.save(memory, np.zeros(3))
    return memory.getvalue()


def _avatar(name: str, what: str, change: Callable[[Tensor], Tensor], says: str = "") -> Case:
    return Case(f"avatar, {name}: {what}", PLY, says or f"'{name}'", tensor(name, change))


def _body(what: str, says: str, **changes: Callable[[np.ndarray], object]) -> Case:
    return Case(f"body, {what}", BODY, says, array(SHIPPED_BODY, "body.npz", **changes))


def _motion(what: str, says: str, **changes: Callable[[np.ndarray], object]) -> Case:
    return Case(f"motion, {what}", ANIMATE, says, array(SHIPPED_CLIP, "m.npz", **changes))


NAN = float("nan")
AVATARS = [
    _avatar("smpl_weights", "nan", lambda x: x * NAN),
    _avatar("smpl_weights", "inf", lambda x: x * float("inf")),
    _avatar("smpl_weights", "one row less", lambda x: x[:-1]),
    _avatar("smpl_weights", "zeros", torch.zeros_like),
    _avatar("skinning.box", "zeros", torch.zeros_like),
    _avatar("skinning.layers.0.weight", "nan", lambda x: x * NAN),
    _avatar("skinning.layers.0.weight", "x 1e30", lambda x: x * 1e30),
    _avatar("skinning.layers.8.bias", "one less", lambda x: x[:-1]),
    _avatar("log_scales", "88", lambda x: torch.full_like(x, 88.0)),
    _avatar("means", "3,000 km", lambda x: x + 3e6),
    _avatar("means", "none", lambda x: x[:0]),
    _avatar("means", "words", lambda x: x > 0),
    _avatar("quats", "x 1e30", lambda x: x * 1e30),
    _avatar("colours", "1e9", lambda x: x + 1e9),
    *(
        Case(f"avatar, {kind}", VIEWS, "", tensor("*", lambda x, k=kind: x.to(k)), 0,
             ("views.new/views.json",))
        for kind in (torch.float16, torch.float64)
    ),
    Case("avatar, log_scales 88, views", VIEWS, "log_scales",
         tensor("log_scales", lambda x: x + 95)),
    Case("avatar, cut short", PLY, "damaged", written(AVATAR, b"x" * 99)),
]  # fmt: skip
BODIES = [
    _body("no faces", "'f' is empty", f=lambda f: f[:0]),
    _body("degenerate faces", "do not cover", f=lambda f: f[:, [0, 0, 0]]),
    _body("faces of other vertices", "do not exist", f=lambda f: f + 10**6),
    _body("all vertices equal", "m tall|lies down", v_template=np.zeros_like),
    _body("nan", "'v_template'", v_template=lambda v: v * NAN),
    _body("millimetres", "in millimetres", v_template=lambda v: v * 1000),
    _body("lying down", "lies down", v_template=lambda v: v[:, [0, 2, 1]]),
    _body("regressor of zeros", "'J_regressor'", J_regressor=np.zeros_like),
    _body("weights of zeros", "'weights'", weights=np.zeros_like),
    _body("no shape directions", "shapedirs", shapedirs=lambda _: None),
    _body("another tree", "tree", kintree_table=np.zeros_like),
    _body("words", "not numbers", v_template=lambda _: "text"),
    Case("body, .npy named .npz", BODY, "holds one array", written("body.npz", _npy())),
    Case("body, a pickle named .npz", BODY, "damaged", written("body.npz", pickle.dumps([1]))),
    Case("body, empty file", BODY, "damaged", written("body.npz", b"")),
    Case("body, not there", BODY, "no body file body.npz"),
    Case("body, betas 1e30", (*TRAIN, *keys("body.betas=[1.0e+30]")), "betas"),
    Case("body, 20 betas", (*TRAIN, *keys(f"body.betas={[0.0] * 20}")), "betas"),
]
MOTIONS = [
    _motion("degrees", "degrees|radians", poses=lambda p: np.rad2deg(p)),
    _motion("millimetres", "metres|unit|mm", trans=lambda t: t * 1000 + 1000),
    _motion("x 1e20", "poses|rotation", poses=lambda p: p.astype(float) * 1e20),
    _motion("nan", "not numbers", poses=lambda p: p * NAN),
    _motion("one frame less of positions", "trans", trans=lambda t: t[:-1]),
    _motion("no frames", "no frames|frame", poses=lambda p: p[:0], trans=lambda t: t[:0]),
    _motion("objects", "refused|object|damaged|shape", poses=lambda p: np.array([None, {}])),
    Case("motion, .npy named .npz", ANIMATE, "m.npz", written("m.npz", _npy())),
    Case("motion, a pickle that runs code", ANIMATE, "m.npz",
         written("m.npz", b"cos\nsystem\n(S'touch pwned'\ntR.")),
    Case("motion, a page of HTML", ANIMATE, "m.npz", written("m.npz", "<html>404</html>")),
    Case("motion, empty", ANIMATE, "m.npz", written("m.npz", b"")),
]  # fmt: skip
