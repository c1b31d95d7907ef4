"""The CPU rasteriser as two differentiable steps: projection, then blending.

The steps are apart, as in gsplat, so that the gradient to the projected centres can be read.
Results do not depend on the number of threads: views and rows of tiles are independent, and every
sum has one order.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.splat.constants import ALPHA_MIN
from gaussianmotion.splat.cpu.blend import blend_row
from gaussianmotion.splat.cpu.blend_backward import SUMS, blend_row_backward, gather_slots
from gaussianmotion.splat.cpu.order import TILE, order_view
from gaussianmotion.splat.cpu.project import SPLAT, project_view
from gaussianmotion.splat.cpu.project_backward import project_view_backward
from gaussianmotion.splat.scene import Scene
from gaussianmotion.splat.threads import for_each


def rasterise_numba(
    scene: Scene,
) -> tuple[Float[Tensor, "B H W 3"], Float[Tensor, "B H W 1"], dict[str, Any]]:
    """Render float32 tensors on the CPU; see :func:`gaussianmotion.splat.rasterise`."""
    size = scene.width, scene.height
    means2d, conics, seen, radii, depths, splats, keys = _Project.apply(
        *(scene.means, scene.covars, scene.opacities, scene.viewmats, scene.Ks),
        *(*size, scene.compensate),
    )
    rgb, alpha = _Blend.apply(
        means2d, conics, scene.colours, seen, scene.backgrounds, splats, keys, *size
    )
    info = {"radii": radii, "means2d": means2d, "depths": depths, "conics": conics}
    return rgb, alpha, info


def inputs_of(*tensors: Tensor) -> list[np.ndarray]:
    """Values to read, C-ordered: a tensor's memory, or a copy where its order is another."""
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def outputs_of(*tensors: Tensor) -> list[np.ndarray]:
    """Memory to write to, always the tensors' own: what went into a copy would be lost.

    Raises:
        ValueError: a tensor is not C-ordered, as the kernels need it.
    """
    if not all(tensor.is_contiguous() for tensor in tensors):
        raise ValueError("results can be written to C-ordered tensors only")
    return [tensor.detach().numpy() for tensor in tensors]


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means, covars, opacities, viewmats, Ks, width, height, compensate):
        batch, count = means.shape[:2]
        means2d, conics = means.new_empty(batch, count, 2), means.new_empty(batch, count, 3)
        radii = torch.empty(batch, count, 2, dtype=torch.int32)
        depths, seen = means.new_empty(2, batch, count)
        splats = means.new_empty(batch, count, SPLAT)
        keys = torch.empty(batch, count, dtype=torch.int64)
        inputs = inputs_of(means, covars, viewmats, Ks)
        (shared,) = inputs_of(opacities)
        outputs = [
            *outputs_of(radii, means2d, depths, conics, seen, splats),
            keys.numpy().view(np.uint64),
        ]
        for_each(
            lambda b: project_view(
                inputs[0][b],
                inputs[1][b],
                shared,
                inputs[2][b],
                inputs[3][b],
                width,
                height,
                compensate,
                *(output[b] for output in outputs),
            ),
            ((b,) for b in range(batch)),
        )
        ctx.save_for_backward(means, covars, opacities, viewmats, Ks, radii, seen)
        ctx.settings = width, height, compensate
        ctx.mark_non_differentiable(radii, depths, splats, keys)
        ctx.set_materialize_grads(False)
        return means2d, conics, seen, radii, depths, splats, keys

    @staticmethod
    def backward(ctx, v_means2d, v_conics, v_seen, *_):
        means, covars, opacities, viewmats, Ks, radii, seen = ctx.saved_tensors
        batch, count = means.shape[:2]
        if v_means2d is None:
            v_means2d = means.new_zeros(batch, count, 2)
        if v_conics is None:
            v_conics = means.new_zeros(batch, count, 3)
        if v_seen is None:
            v_seen = means.new_zeros(batch, count)
        v_means, v_covars = means.new_empty(means.shape), means.new_empty(covars.shape)
        v_viewmats = means.new_empty(viewmats.shape)
        inputs = inputs_of(means, covars)
        (shared,) = inputs_of(opacities)
        cameras = inputs_of(viewmats, Ks)
        rest = inputs_of(radii, v_means2d, v_conics, v_seen)
        rest += outputs_of(v_means, v_covars, v_viewmats)
        for_each(
            lambda b: project_view_backward(
                *(array[b] for array in inputs),
                shared,
                *(array[b] for array in cameras),
                *ctx.settings,
                *(array[b] for array in rest),
            ),
            ((b,) for b in range(batch)),
        )
        if ctx.settings[2]:  # a splat's share of its Gaussian's opacity; none where not drawn
            v_seen = v_seen * (seen / opacities.clamp(min=ALPHA_MIN))
        v_opacities = v_seen[0].clone()
        for b in range(1, batch):
            v_opacities += v_seen[b]
        return v_means, v_covars, v_opacities, v_viewmats, None, None, None, None


class _Blend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means2d, conics, colours, seen, backgrounds, splats, keys, width, height):
        batch = means2d.shape[0]
        rgb = means2d.new_empty(batch, height, width, 3)
        alpha = means2d.new_empty(batch, height, width, 1)
        through, last = means2d.new_empty(2, batch, height, width)
        splat_array, colour_array, background = inputs_of(splats, colours, backgrounds)
        key_array = keys.numpy().view(np.uint64)
        rgb_, alpha_, through_, last_ = outputs_of(rgb, alpha[..., 0], through, last)
        orders: list[Any] = [None] * batch

        def order(b: int) -> None:
            orders[b] = order_view(key_array[b], splat_array[b], colour_array, width, height)

        for_each(order, ((b,) for b in range(batch)))
        touched = [np.zeros(orders[b][4].size, np.uint8) for b in range(batch)]

        def blend(b: int, row: int) -> None:
            _, records, _, tile_start, members, slots = orders[b]
            blend_row(
                row,
                width,
                height,
                records,
                tile_start,
                members,
                slots,
                background[b],
                rgb_[b],
                alpha_[b],
                through_[b],
                last_[b],
                touched[b],
            )

        rows = -(-height // TILE)
        for_each(blend, ((b, row) for b in range(batch) for row in range(rows)))
        ctx.save_for_backward(conics, seen, backgrounds, through, last)
        ctx.orders, ctx.touched = orders, touched
        ctx.size = width, height
        return rgb, alpha

    @staticmethod
    def backward(ctx, v_rgb, v_alpha):
        conics, seen, backgrounds, through, last = ctx.saved_tensors
        batch, count = conics.shape[:2]
        width, height = ctx.size
        orders, touched = ctx.orders, ctx.touched
        rows = -(-height // TILE)
        conic_array, seen_array, background, through_, last_ = inputs_of(
            conics, seen, backgrounds, through, last
        )
        v_rgb_, v_alpha_ = inputs_of(v_rgb, v_alpha[..., 0])
        v_slots = [np.empty((len(flags), SUMS), np.float32) for flags in touched]
        v_background = np.empty((batch, rows, 3), np.float64)

        def blend(b: int, row: int) -> None:
            _, records, _, tile_start, members, slots = orders[b]
            blend_row_backward(
                row,
                width,
                height,
                records,
                tile_start,
                members,
                slots,
                background[b],
                through_[b],
                last_[b],
                touched[b],
                v_rgb_[b],
                v_alpha_[b],
                v_slots[b],
                v_background[b],
            )

        for_each(blend, ((b, row) for b in range(batch) for row in range(rows)))
        v_means2d, v_conics = conics.new_empty(batch, count, 2), conics.new_empty(conics.shape)
        v_colours, v_seen = conics.new_empty(batch, count, 3), conics.new_empty(batch, count)
        outputs = outputs_of(v_means2d, v_conics, v_colours, v_seen)

        def gather(b: int) -> None:
            ids, _, first_slot, *_ = orders[b]
            gather_slots(
                ids,
                first_slot,
                touched[b],
                v_slots[b],
                conic_array[b],
                seen_array[b],
                *(output[b] for output in outputs),
            )

        for_each(gather, ((b,) for b in range(batch)))
        for b in range(1, batch):
            v_colours[0] += v_colours[b]
        v_backgrounds = torch.from_numpy(v_background.sum(axis=1).astype(np.float32))
        return (
            v_means2d,
            v_conics,
            v_colours[0],
            v_seen,
            v_backgrounds,
            None,
            None,
            None,
            None,
        )
