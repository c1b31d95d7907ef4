"""Tensors whose memory has another order than their axes: read as they are, never written to."""

import pytest
import torch
from splat_scenes import DIFFERENTIABLE, random_scene

from gaussianmotion.splat import rasterise
from gaussianmotion.splat.cpu import backend


def _turned(tensor):
    """Equal values, the axes in the opposite order in memory."""
    axes = tuple(reversed(range(tensor.ndim)))
    return tensor.permute(axes).contiguous().permute(axes)


def _drawn(change):
    scene = random_scene(count=200, batch=2, width=40, height=24, seed=3)
    for name in DIFFERENTIABLE:
        scene[name] = change(scene[name]).requires_grad_()
    drawn = rasterise(**scene, backend="numba")
    # The gradient comes back in the order of what it was computed from.
    change(drawn.rgb).square().sum().backward()
    return [drawn.rgb, drawn.alpha, *(scene[name].grad for name in DIFFERENTIABLE)]


def test_pictures_and_gradients_do_not_depend_on_the_order_of_memory():
    for plain, turned in zip(_drawn(lambda t: t), _drawn(_turned), strict=True):
        assert torch.equal(plain, turned)


def test_gradients_of_the_blend_do_not_depend_on_the_order_of_memory():
    scene = random_scene(count=200, batch=2, width=40, height=24, seed=3)
    drawn = rasterise(**scene, backend="numba")
    means2d, conics = drawn.info["means2d"], drawn.info["conics"]
    projected = backend._Project.apply(
        *(scene[name] for name in ("means", "covars", "opacities", "viewmats", "Ks")), 40, 24, False
    )
    _, _, seen, _, _, splats, keys = projected
    gradients = []
    for change in (lambda t: t, _turned):
        leaves = [change(t.detach().clone()).requires_grad_() for t in (means2d, conics)]
        rgb, alpha = backend._Blend.apply(
            *leaves, scene["colours"], seen, scene["backgrounds"], splats, keys, 40, 24
        )
        (rgb.square().sum() + alpha.sum()).backward()
        gradients.append([leaf.grad for leaf in leaves])
    for plain, turned in zip(*gradients, strict=True):
        assert plain.abs().sum() > 0
        assert torch.equal(plain, turned)


def test_nothing_is_written_to_a_copy():
    tensor = torch.zeros(4, 3)
    backend.outputs_of(tensor)[0][:] = 1.0
    assert tensor.sum() == 12
    with pytest.raises(ValueError, match="C-ordered"):
        backend.outputs_of(tensor.t())
    backend.inputs_of(tensor.t())[0][:] = 2.0  # a copy
    assert tensor.sum() == 12
