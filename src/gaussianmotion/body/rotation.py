"""Axis-angle vectors and quaternions (wxyz), stable near the identity."""

import torch
from jaxtyping import Float
from torch import Tensor


def to_quaternion(axis_angle: Float[Tensor, "*B 3"]) -> Float[Tensor, "*B 4"]:
    """Unit quaternions, wxyz, of axis-angle vectors in radians."""
    angle = axis_angle.norm(dim=-1, keepdim=True)
    # sin(angle / 2) / angle, which torch.sinc gives without a division by zero.
    share = 0.5 * torch.sinc(angle / (2.0 * torch.pi))
    return torch.cat([(0.5 * angle).cos(), axis_angle * share], dim=-1)


def to_axis_angle(quaternion: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 3"]:
    """Axis-angle vectors in radians, at most pi long, of unit quaternions, wxyz, of either sign."""
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    w, xyz = quaternion[..., :1], quaternion[..., 1:]
    sine = xyz.norm(dim=-1, keepdim=True)
    angle = 2.0 * torch.atan2(sine, w)
    return xyz * torch.where(sine > 1e-7, angle / sine.clamp(min=1e-7), torch.full_like(sine, 2.0))


def multiply(a: Float[Tensor, "*B 4"], b: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 4"]:
    """Quaternion product: the rotation b, then a."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        dim=-1,
    )


def slerp(
    start: Float[Tensor, "*B 4"], end: Float[Tensor, "*B 4"], share: Float[Tensor, "*S"]
) -> Float[Tensor, "*B 4"]:
    """The rotation ``share`` of the way from start to end, along the shorter arc.

    ``share`` must broadcast against the quaternions (its last axis is 1).
    """
    inverse = start * start.new_tensor([1.0, -1.0, -1.0, -1.0])
    return multiply(start, to_quaternion(share * to_axis_angle(multiply(inverse, end))))
