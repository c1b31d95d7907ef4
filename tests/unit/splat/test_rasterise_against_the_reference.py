"""The CPU kernels draw, and differentiate, what the float64 reference does."""

import pytest
import torch
from splat_scenes import DIFFERENTIABLE, one_gaussian, random_scene

from gaussianmotion.splat import rasterise
from gaussianmotion.splat.reference import rasterise_torch
from gaussianmotion.splat.scene import Scene

TOLERANCE = 1e-5  # of the largest entry of each tensor


def _gradients(scene, images, means2d):
    """Gradients of a fixed random weighting of the images, as a dict."""
    generator = torch.Generator().manual_seed(7)
    loss = sum(
        (image * torch.randn(image.shape, generator=generator).to(image)).sum() for image in images
    )
    inputs = {name: scene[name] for name in DIFFERENTIABLE} | {"means2d": means2d}
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    return dict(zip(inputs, gradients, strict=True))


def _copy(scene, dtype):
    copied = {k: v.to(dtype) if torch.is_tensor(v) else v for k, v in scene.items()}
    for name in DIFFERENTIABLE:
        copied[name] = copied[name].detach().clone().requires_grad_()
    return copied


def _assert_close(actual, expected, name):
    error = (actual.double() - expected).abs().max().item()
    largest = expected.abs().max().item()
    assert error <= TOLERANCE * max(largest, 1e-12), f"{name}: {error:.2e} of {largest:.2e}"


SCENES = {
    "small": random_scene(),
    "square": random_scene(width=64, height=64, seed=1),
    "many tiles, not square": random_scene(count=300, width=150, height=80, seed=2),
    "tall": random_scene(count=300, width=30, height=140, seed=9),
    "wide splats": random_scene(count=200, width=150, height=70, seed=3, scales=(0.01, 0.4)),
    "behind the camera and off-screen": random_scene(count=500, seed=4, spread=3.0),
    "saturated": random_scene(count=500, seed=5, scales=(0.01, 0.3), opacity=(0.9, 1.0)),
    "specks": random_scene(count=700, width=70, height=70, seed=6, scales=(1e-4, 0.02)),
    "faint": random_scene(count=500, seed=8, opacity=(0.0, 0.02)),
    "one pixel": random_scene(width=1, height=1, seed=10),
    "one view": random_scene(batch=1, seed=11),
    "single": one_gaussian(),
}
# Opacities compensated for the pixels' own blur.
COMPENSATED = ("small", "many tiles, not square", "wide splats", "specks", "saturated", "faint")
CASES = {
    **SCENES,
    **{f"{name}, compensated": {**SCENES[name], "compensate": True} for name in COMPENSATED},
}


@pytest.mark.parametrize("name", CASES)
def test_kernels_agree_with_the_reference(name):
    scene = CASES[name]
    fast, exact = _copy(scene, torch.float32), _copy(scene, torch.float64)
    drawn = rasterise(**fast, backend="numba")
    rgb, alpha, info = rasterise_torch(Scene(**exact), tile=None)
    _assert_close(drawn.rgb, rgb, "rgb")
    _assert_close(drawn.alpha, alpha, "alpha")
    assert torch.equal(drawn.info["radii"], info["radii"])
    actual = _gradients(fast, (drawn.rgb, drawn.alpha), drawn.info["means2d"])
    expected = _gradients(exact, (rgb, alpha), info["means2d"])
    for key, gradient in expected.items():
        _assert_close(actual[key], gradient, f"gradient of {key}")


def test_tiles_do_not_change_the_torch_backend():
    scene = _copy(SCENES["many tiles, not square"], torch.float64)
    whole = rasterise_torch(Scene(**scene), tile=None)
    tiled = rasterise(**scene, backend="torch")
    assert tiled.info["backend"] == "torch"
    torch.testing.assert_close(tiled.rgb, whole[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(tiled.alpha, whole[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("compensate", [False, True])
def test_gradient_of_the_reference_is_the_slope_of_its_values(compensate):
    """Finite differences: the reference leans on autograd, and on no hand-written formula."""
    scene = _copy(random_scene(count=6, batch=1, width=8, height=8, seed=3), torch.float64)
    scene["compensate"] = compensate
    names = ("means", "covars", "colours", "opacities", "viewmats", "backgrounds")

    def render(*values):
        changed = Scene(**scene | dict(zip(names, values, strict=True)))
        rgb, alpha, _ = rasterise_torch(changed, tile=None)
        return rgb, alpha

    inputs = tuple(scene[name] for name in names)
    assert torch.autograd.gradcheck(render, inputs, eps=1e-7, atol=1e-5, rtol=1e-4)


def test_gradient_of_covariances_is_symmetric():
    scene = _copy(SCENES["small"], torch.float32)
    (gradient,) = torch.autograd.grad(rasterise(**scene).rgb.square().sum(), scene["covars"])
    assert gradient.abs().max() > 0
    assert torch.equal(gradient, gradient.transpose(-1, -2))
