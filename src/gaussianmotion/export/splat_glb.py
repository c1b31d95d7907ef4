"""Splats as .glb by Khronos' extension KHR_gaussian_splatting.

A still: the extension says nothing of skins and animations. Programs that do not know it show the
centres as coloured points.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gaussianmotion.export.glb import ARRAY, Binary, write_glb
from gaussianmotion.export.ply import SH0
from gaussianmotion.export.posed import Splats
from gaussianmotion.rendering.subject import Subject

EXTENSION = "KHR_gaussian_splatting"


def write_splat_glb(path: Path, splats: Splats, subject: Subject) -> None:
    """Write splats as .glb.

    Args:
        path: The file to write or to replace.
        splats: y up, as glTF is.
        subject: Noted in the file.

    Raises:
        UserError: the file cannot be written.
    """
    binary = Binary()
    fallback = np.column_stack([linear(splats.rgb), splats.opacities])
    attributes = {
        "POSITION": binary.add(splats.means.astype("<f4"), ARRAY, bounds=True),
        "COLOR_0": binary.add(np.round(fallback * 255.0).astype(np.uint8), ARRAY, normalised=True),
        f"{EXTENSION}:ROTATION": binary.add(splats.quats[:, [1, 2, 3, 0]].astype("<f4"), ARRAY),
        f"{EXTENSION}:SCALE": binary.add(splats.scales.astype("<f4"), ARRAY),
        f"{EXTENSION}:OPACITY": binary.add(splats.opacities.astype("<f4"), ARRAY),
        f"{EXTENSION}:SH_DEGREE_0_COEF_0": binary.add(
            ((splats.rgb - 0.5) / SH0).astype("<f4"), ARRAY
        ),
    }
    kernel = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display"}
    primitive = {"attributes": attributes, "mode": 0, "extensions": {EXTENSION: kernel}}
    document = {
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "avatar"}],
        "meshes": [{"primitives": [primitive], "name": "avatar"}],
    }
    write_glb(path, subject, binary, document)


def linear(srgb: Float[ndarray, "*N"]) -> Float[ndarray, "*N"]:
    """Linear light of sRGB values in [0, 1] (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
