"""Linear blend skinning of Gaussians: centres and covariances in one step (eq. 3)."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.splat.covariance import covariances


def skin_gaussians(
    means: Float[Tensor, "N 3"],
    quats: Float[Tensor, "N 4"],
    scales: Float[Tensor, "N 3"],
    weights: Float[Tensor, "N J"],
    transforms: Float[Tensor, "B J 4 4"],
) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"]]:
    """Pose canonical Gaussians; differentiable in all five inputs.

    Float32 on the CPU takes a fused kernel, anything else :func:`skin_gaussians_torch`.

    Args:
        means: Canonical centres, metres.
        quats: Canonical rotations as wxyz quaternions, not necessarily normalised.
        scales: Standard deviations along the Gaussians' axes, metres.
        weights: Skinning weights.
        transforms: Canonical-to-posed transforms of the joints; the last row is not read.

    Returns:
        Posed centres (B, N, 3) and covariances (B, N, 3, 3).

    Raises:
        ValueError: shapes do not fit together.
    """
    count, joints, batch = means.shape[0], weights.shape[-1], transforms.shape[0]
    expected = {
        "means": (means, (count, 3)),
        "quats": (quats, (count, 4)),
        "scales": (scales, (count, 3)),
        "weights": (weights, (count, joints)),
        "transforms": (transforms, (batch, joints, 4, 4)),
    }
    for name, (tensor, shape) in expected.items():
        if tuple(tensor.shape) != shape:
            raise ValueError(
                f"{name} must have shape {shape} for {count} Gaussians and {joints} joints, "
                f"but it is {tuple(tensor.shape)}"
            )
    inputs = (means, quats, scales, weights, transforms)
    if all(tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in inputs):
        posed, covars = _Skin.apply(*inputs)
        return posed, covars
    return skin_gaussians_torch(*inputs)


def skin_gaussians_torch(
    means: Float[Tensor, "N 3"],
    quats: Float[Tensor, "N 4"],
    scales: Float[Tensor, "N 3"],
    weights: Float[Tensor, "N J"],
    transforms: Float[Tensor, "B J 4 4"],
) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"]]:
    """The same in plain torch: for CUDA, for float64, and to test the fused kernel against."""
    blended = torch.einsum("nj,bjrc->bnrc", weights, transforms[:, :, :3])
    posed = (blended[..., :3] @ means[:, :, None])[..., 0] + blended[..., 3]
    return posed, covariances(quats, scales, blended[..., :3])


class _Skin(torch.autograd.Function):
    """The fused kernel of ``cpu.skin``."""

    @staticmethod
    def forward(ctx, means, quats, scales, weights, transforms):
        from gaussianmotion.splat.cpu import skin
        from gaussianmotion.splat.threads import for_each

        count, batch = means.shape[0], transforms.shape[0]
        padding = -weights.shape[1] % skin.WIDTH
        if padding:
            weights = torch.nn.functional.pad(weights, (0, padding))
            transforms = torch.nn.functional.pad(transforms, (0, 0, 0, 0, 0, padding))
        arrays = [
            t.detach().contiguous().numpy() for t in (means, quats, scales, weights, transforms)
        ]
        posed = means.new_empty(batch, count, 3)
        covars = means.new_empty(batch, count, 3, 3)
        joints, outputs = weights.shape[1], (posed.numpy(), covars.numpy())
        arguments = (*arrays[:3], arrays[3].reshape(-1), joints, arrays[4].reshape(-1))
        chunks = range(-(-count // skin.CHUNK))
        for_each(lambda chunk: skin.skin_chunk(chunk, *arguments, *outputs), zip(chunks))
        # What autograd may check for changes in place, then what the kernel reads.
        ctx.save_for_backward(means, quats, scales, weights, transforms)
        ctx.padding = padding
        return posed, covars

    @staticmethod
    def backward(ctx, v_posed, v_covars):
        from gaussianmotion.splat.cpu import skin
        from gaussianmotion.splat.threads import for_each

        arrays = [t.detach().contiguous().numpy() for t in ctx.saved_tensors]
        (count, joints), batch = arrays[3].shape, len(arrays[4])
        columns = np.ascontiguousarray(
            arrays[4][:, :, :3].reshape(batch, joints, 12).swapaxes(1, 2)
        )
        arguments = (*arrays[:3], arrays[3].reshape(-1), joints, arrays[4].reshape(-1))
        incoming = (v_posed.contiguous().numpy(), v_covars.contiguous().numpy())
        outputs = [np.empty_like(array) for array in arrays[:4]]
        chunks = range(-(-count // skin.CHUNK))
        partial = np.empty((len(chunks), columns.size), np.float32)
        for_each(
            lambda chunk: skin.skin_chunk_backward(
                chunk,
                *arguments,
                columns.reshape(-1),
                *incoming,
                *outputs[:3],
                outputs[3].reshape(-1),
                partial,
            ),
            zip(chunks),
        )
        v_columns = partial.sum(axis=0, dtype=np.float64).astype(np.float32)
        v_transforms = np.zeros_like(arrays[4])
        v_transforms[:, :, :3] = (
            v_columns.reshape(batch, 12, joints).swapaxes(1, 2).reshape(batch, joints, 3, 4)
        )
        kept = joints - ctx.padding
        return (
            *(torch.from_numpy(output) for output in outputs[:3]),
            torch.from_numpy(outputs[3])[:, :kept],
            torch.from_numpy(v_transforms)[:, :kept],
        )
