"""The CPU draws what is on a GPU where gsplat cannot: the same picture and gradients, there."""

import importlib

import pytest
import torch
from elsewhere import ELSEWHERE, elsewhere
from splat_scenes import DIFFERENTIABLE, random_scene

from gaussianmotion.splat import gsplat_kernels, rasterise


def drawn(place: torch.device) -> dict[str, torch.Tensor]:
    """The picture of a scene at a place, and its gradients."""
    scene = random_scene(count=300, seed=3)
    inputs = {k: v.to(place) if torch.is_tensor(v) else v for k, v in scene.items()}
    for name in DIFFERENTIABLE:
        inputs[name] = inputs[name].detach().clone().requires_grad_()
    rendering = rasterise(**inputs, backend="numba")
    assert rendering.info["backend"] == "numba"
    assert rendering.rgb.device == rendering.alpha.device == place
    rendering.info["means2d"].retain_grad()
    (rendering.rgb.square().sum() + rendering.alpha.sum()).backward()
    assert all(inputs[name].grad.device == place for name in DIFFERENTIABLE)
    found = {"rgb": rendering.rgb, "means2d": rendering.info["means2d"].grad}
    found |= {name: inputs[name].grad for name in DIFFERENTIABLE}
    return {name: value.detach().cpu() for name, value in found.items()}


def test_it_is_the_same_as_on_the_cpu() -> None:
    expected = drawn(torch.device("cpu"))
    with elsewhere():
        there = drawn(ELSEWHERE)
    for name, value in expected.items():
        torch.testing.assert_close(there[name], value, rtol=0, atol=0)


def test_auto_says_why_and_what_it_costs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The package has a function of the module's name.
    module = importlib.import_module("gaussianmotion.splat.rasterise")
    monkeypatch.setattr(gsplat_kernels, "why_not", lambda device: "no CUDA toolkit is here: do")
    absent = module._gsplat_is_absent.__wrapped__
    assert absent(torch.device("cpu"))
    said = capsys.readouterr().err
    assert said.startswith("gaussianmotion: no CUDA toolkit is here: do. Until then the CPU draws")
    assert " s more for a step of the paper's training" in said
