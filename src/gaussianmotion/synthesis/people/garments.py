"""How garments are made: split from MakeHuman's suits, or cut from the base mesh's helpers.

A cut is a field in metres, positive inside the garment (see mesh_renderer). All shapes are brought
to SMPL's T-pose on the neutral adult, where limbs lie along axes, so a sleeve is ``|x| < length``
and a hem ``y > height``. The pelvis is the origin.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gaussianmotion.synthesis.people.anny_rig import SKIRT_VERTICES, TIGHTS_VERTICES
from gaussianmotion.synthesis.people.garment_catalogue import (
    DRESS_WAIST,
    NECK_CENTRE,
    SPLIT_ASSETS,
    Cut,
)
from gaussianmotion.synthesis.people.makehuman_assets import Asset, MakeHumanTarball, components
from gaussianmotion.synthesis.people.palette import standardise_luminance

#: From an asset to its neutral T-posed vertices and its T-posed offsets, both (V, 3).
ToTPose = Callable[[Asset], tuple[np.ndarray, np.ndarray]]


@dataclass
class Garment:
    """A wearable in the T-pose, bound to the base mesh."""

    kind: str
    """What a caption calls it."""
    region: str
    sexes: str
    triangles: np.ndarray
    uvs: np.ndarray
    references: np.ndarray
    coefficients: np.ndarray
    offsets: np.ndarray
    """(V, 3) metres in the T-pose."""
    cut: np.ndarray
    hidden: np.ndarray = field(repr=False)
    """Base vertices that it covers, (19158,) bool."""
    bias: float = 0.0
    untinted: np.ndarray | None = None
    """(F,) faces that keep their own colour: the shirt in a suit jacket."""
    texture: np.ndarray | None = None
    """(H, W, 4) uint8; None is plain cloth."""


def used_texels(uvs: np.ndarray, size: int) -> np.ndarray:
    """Texels near faces' corners and centres, (size, size) bool: enough for statistics."""
    points = np.concatenate([uvs.reshape(-1, 2), uvs.mean(1), (uvs[:, 0] + uvs[:, 1]) / 2])
    x = np.clip((points[:, 0] * size).astype(int), 0, size - 1)
    y = np.clip(((1 - points[:, 1]) * size).astype(int), 0, size - 1)
    used = np.zeros((size, size), bool)
    used[y, x] = True
    return used


def helper_triangles(quads: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Triangles of a helper, numbered from its first vertex."""
    inside = quads[((quads >= limits[0]) & (quads <= limits[1])).all(1)] - limits[0]
    return np.concatenate([inside[:, [0, 1, 2]], inside[:, [0, 2, 3]]])


def cut_field(spec: Cut, points: np.ndarray, is_skirt: np.ndarray) -> np.ndarray:
    """Signed metres (V,), positive inside the garment, at T-posed points (V, 3)."""
    x, y = np.abs(points[:, 0]), points[:, 1]
    if spec.region == "bottom":
        inside = np.minimum(y - spec.hem, spec.waist - y)
        return np.minimum(inside, 0.3 - x)
    opening = np.linalg.norm((points - NECK_CENTRE) * (1.0, 1.0, 0.9), axis=1) - spec.neck
    bodice_hem = DRESS_WAIST if spec.skirt else spec.hem
    bodice = np.minimum(np.minimum(spec.sleeve - x, y - bodice_hem), opening)
    return np.where(is_skirt, y - spec.hem, bodice)


def cut_garment(
    spec: Cut, template: np.ndarray, normals: np.ndarray, quads: np.ndarray, nearest: np.ndarray
) -> Garment:
    """Cut a garment out of the helpers.

    Args:
        template: T-posed neutral base vertices, (19158, 3).
        normals: outward normals of helpers, (19158, 3).
        quads: all base faces with helpers.
        nearest: for each base vertex its nearest tights vertex, from 0, or -1, (19158,).
    """
    ids: list[np.ndarray] = []
    triangles: list[np.ndarray] = []
    is_skirt: list[np.ndarray] = []
    parts = []
    if not (spec.skirt and spec.region == "bottom"):
        parts.append(TIGHTS_VERTICES)
    if spec.skirt:
        parts.append(SKIRT_VERTICES)
    for limits in parts:
        triangles.append(helper_triangles(quads, limits) + sum(len(part) for part in ids))
        ids.append(np.arange(limits[0], limits[1] + 1))
        is_skirt.append(np.full(len(ids[-1]), limits == SKIRT_VERTICES))
    vertex, skirt = np.concatenate(ids), np.concatenate(is_skirt)
    points = template[vertex]
    values = cut_field(spec, points, skirt)
    down = np.clip((0.08 - points[:, 1]) / 0.9, 0, 1) * skirt
    offsets = normals[vertex] * (spec.inflate + 0.004 * skirt)[:, None]
    offsets += (points - (0, 0, 0.02)) * (1.0, 0.0, 1.0) * (spec.flare * down)[:, None]

    hidden = np.zeros(len(template), bool)
    if parts[0] == TIGHTS_VERTICES:
        # Faces just inside the edge stay: the edge must not show a gap.
        near = (nearest >= 0) & (np.arange(len(template)) < 13380)
        hidden |= (values[~skirt][nearest] > 0.025) & near
    if spec.skirt:
        y = template[:, 1]
        under = (y > spec.hem + 0.08) & (y < 0.05) & (np.abs(template[:, 0]) < 0.35)
        hidden |= under & (np.arange(len(template)) < 13380)
    tri = np.concatenate(triangles)
    tri = tri[(values[tri] > 0).any(1)]
    kept, tri = np.unique(tri, return_inverse=True)
    tri = tri.reshape(-1, 3)
    flat = points[kept]
    # Texture coordinates from the front projection, enough for a fine weave.
    uv = np.stack([flat[:, 0] * 0.5 + 0.5, flat[:, 1] * 0.5 + 0.5], 1)
    return Garment(
        kind=spec.kind, region=spec.region, sexes="f" if spec.skirt else spec.sexes,
        triangles=tri, uvs=uv[tri],
        references=np.repeat(vertex[kept][:, None], 3, 1),
        coefficients=np.tile([1.0, 0.0, 0.0], (len(kept), 1)),
        offsets=offsets[kept], cut=values[kept], hidden=hidden,
        bias={"top": 0.022, "bottom": 0.006, "dress": 0.016}[spec.region] + 0.004 * spec.skirt,
    )  # fmt: skip


def split_garment(
    name: str, tarball: MakeHumanTarball, to_t_pose: ToTPose, template: np.ndarray, size: int
) -> Garment:
    """One half of a MakeHuman suit with its standardised texture.

    Args:
        to_t_pose: gives an asset's neutral T-posed vertices and its T-posed offsets.
        template: T-posed neutral base vertices, (19158, 3).
        size: of the texture.
    """
    asset_name, part, sexes = SPLIT_ASSETS[name]
    asset = tarball.asset("clothes", asset_name, size)
    points, offsets = to_t_pose(asset)
    component = components(asset.triangles, len(points))
    count = np.bincount(component)
    height = np.bincount(component, points[:, 1]) / count
    big = np.flatnonzero(count > 200)
    wanted = big[height[big].argmax() if part == "top" else height[big].argmin()]
    inside = component == wanted
    triangles = asset.triangles[inside[asset.triangles[:, 0]]]
    uvs = asset.uvs[inside[asset.triangles[:, 0]]]
    kept, triangles = np.unique(triangles, return_inverse=True)
    kind = name.split(":")[0]
    texture = standardise_luminance(asset.texture, used_texels(uvs, size), 0.07)
    untinted = None
    if kind == "suit jacket":
        bright = asset.texture[..., :3].max(-1) > 90
        texture[bright] = asset.texture[bright]
        centre = uvs.mean(1)
        x, y = (centre[:, 0] * size).astype(int), ((1 - centre[:, 1]) * size).astype(int)
        untinted = bright[np.clip(y, 0, size - 1), np.clip(x, 0, size - 1)]
    # A suit hides the whole body; half of it hides only what this half covers.
    worn, y = points[kept], template[:, 1]
    middle = worn[np.abs(worn[:, 0]) < 0.2]
    covered = y > middle[:, 1].min() + 0.05 if part == "top" else y < worn[:, 1].max() - 0.05
    return Garment(
        kind=kind, region=part, sexes=sexes, triangles=triangles.reshape(-1, 3), uvs=uvs,
        references=asset.references[kept], coefficients=asset.coefficients[kept],
        offsets=offsets[kept], cut=np.ones(len(kept)), hidden=asset.deleted & covered,
        bias=0.022 if part == "top" else 0.006, untinted=untinted, texture=texture,
    )  # fmt: skip


def accessory(
    kind: str, region: str, asset: Asset, offsets: np.ndarray, contrast: float, bias: float
) -> Garment:
    """Hair, hat, shoes, eyes or eyebrows; ``contrast`` 0 keeps the texture's own colours."""
    texture = asset.texture
    if contrast > 0:
        texture = standardise_luminance(texture, used_texels(asset.uvs, len(texture)), contrast)
    return Garment(
        kind=kind, region=region, sexes="mf", triangles=asset.triangles, uvs=asset.uvs,
        references=asset.references, coefficients=asset.coefficients, offsets=offsets,
        cut=np.ones(len(offsets)), hidden=asset.deleted, bias=bias, texture=texture,
        untinted=None if contrast > 0 else np.ones(len(asset.triangles), bool),
    )  # fmt: skip
