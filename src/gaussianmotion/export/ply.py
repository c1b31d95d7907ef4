"""The .ply of 3D Gaussian Splatting, for SuperSplat, Blender add-ons, Unity and web viewers.

Property names, order and parametrisation are those of the original 3DGS release with spherical
harmonics of degree 0. Its scenes come from COLMAP, whose y axis points down, and viewers expect
that: an avatar turned by 180 degrees about x is upright and face to face in them.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gaussianmotion.export.posed import Splats
from gaussianmotion.runtime.atomic import atomic_path

PROPERTIES = (
    *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
    *("scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
)
# Value of the constant spherical harmonic, 1 / (2 sqrt(pi)): rgb = 0.5 + SH0 * f_dc.
SH0 = 0.28209479177387814
# A logit of exactly 0 or 1 is infinite, which viewers do not survive.
CERTAIN = 1e-6


def write_ply(path: Path, splats: Splats) -> None:
    """Write splats as a 3DGS .ply, their axes as they are.

    Raises:
        UserError: the file cannot be written.
    """
    rows = ply_rows(splats)
    header = "".join(
        (
            "ply\nformat binary_little_endian 1.0\n",
            f"element vertex {len(rows)}\n",
            *(f"property float {name}\n" for name in PROPERTIES),
            "end_header\n",
        )
    )
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        handle.write(header.encode("ascii"))
        handle.write(rows.astype("<f4").tobytes())


def ply_rows(splats: Splats) -> Float[ndarray, "N 17"]:
    """The columns of :data:`PROPERTIES`."""
    opacities = splats.opacities.clip(CERTAIN, 1.0 - CERTAIN)
    return np.column_stack(
        [
            splats.means,
            np.zeros((len(splats), 3)),
            (splats.rgb - 0.5) / SH0,
            np.log(opacities / (1.0 - opacities)),
            np.log(splats.scales),
            splats.quats,
        ]
    )
