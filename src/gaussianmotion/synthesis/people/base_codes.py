"""The surface codes of MakeHuman's base mesh: those that the open body, made from it, has."""

import functools

import numpy as np

from gaussianmotion.body.load import load_body
from gaussianmotion.config import BodyConfig
from gaussianmotion.pose.surface_map import surface_codes
from gaussianmotion.runtime.arrays import read_npz
from gaussianmotion.runtime.shipped import shipped

#: Vertices of the base mesh, helper geometry included.
BASE_VERTICES = 19158


@functools.cache
def base_codes() -> np.ndarray:
    """Codes (19158, 3) float32; 0 for helper geometry, which is no part of the open body.

    All people have the codes of the one body that avatars are trained on: a nose is a nose,
    whatever its size.
    """
    path = BodyConfig().path
    body = load_body(path)
    numbers = read_npz(shipped(path), ("base_vertex_ids",))["base_vertex_ids"]
    codes = np.zeros((BASE_VERTICES, 3), np.float32)
    codes[numbers] = surface_codes(body.rest_vertices, body.floor, body.height).numpy()
    return codes
