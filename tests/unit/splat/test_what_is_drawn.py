"""Values known by hand, and scenes in which nothing is to be seen."""

import math

import pytest
import torch
from splat_scenes import DIFFERENTIABLE, one_gaussian, random_scene

from gaussianmotion.splat import rasterise

BACKENDS = ("numba", "torch")


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_gaussian_has_the_values_computed_by_hand(backend):
    drawn = rasterise(**one_gaussian(), backend=backend)
    middle, offset = 16, 2
    # Standard deviation on the image: focal * scale / depth = 1 pixel; 0.3 is added to its square.
    variance = (40.0 * 0.05 / 2.0) ** 2 + 0.3
    for column, alpha in (
        (middle, 0.5),
        (middle + offset, 0.5 * math.exp(-0.5 * offset**2 / variance)),
    ):
        expected = torch.tensor([alpha * 1.0, alpha * 0.25, 1.0 - alpha])
        torch.testing.assert_close(drawn.rgb[0, middle, column], expected, rtol=1e-5, atol=1e-6)
        assert drawn.alpha[0, middle, column, 0].item() == pytest.approx(alpha, rel=1e-5)
    # sqrt(2 ln(255 * 0.5)) = 3.114 deviations of 1.140 pixels.
    assert drawn.info["radii"].tolist() == [[[4, 4]]]
    assert drawn.info["means2d"].flatten().tolist() == pytest.approx([16.5, 16.5])
    assert drawn.info["depths"].item() == pytest.approx(2.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compensated_splat_covers_the_same_area_at_any_distance(backend):
    """Opacity times 2 pi sqrt(det S), even where the splat is a fifth of a pixel."""
    covered = {}
    for compensate in (False, True):
        for scale in (0.01, 0.02, 0.1):
            drawn = rasterise(
                **one_gaussian(scale=scale, opacity=0.9), backend=backend, compensate=compensate
            )
            own = 0.9 * 2.0 * math.pi * (40.0 * scale / 2.0) ** 2
            covered[compensate, scale] = drawn.alpha.sum().item() / own
    assert all(abs(covered[True, scale] - 1.0) < 0.1 for scale in (0.01, 0.02, 0.1))
    assert covered[False, 0.01] > 7.0  # 1 + 0.3 / 0.04
    assert covered[False, 0.1] == pytest.approx(1.075, abs=0.03)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_nearer_gaussian_covers_a_farther_one(backend):
    scene = one_gaussian(opacity=1.0)
    scene["means"] = torch.tensor([[[0.0, 0.0, 3.0], [0.0, 0.0, 2.0]]])
    scene["covars"] = scene["covars"].expand(1, 2, 3, 3).contiguous()
    scene["colours"] = torch.eye(3)[:2].contiguous()
    scene["opacities"] = torch.ones(2)
    middle = rasterise(**scene, backend=backend).rgb[0, 16, 16]
    # The near one stops at 0.999. The far one would leave 1e-6: too little, so it is not drawn.
    torch.testing.assert_close(middle, torch.tensor([0.0, 0.999, 0.001]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "change",
    [
        {"position": (0.0, 0.0, -2.0)},
        {"position": (0.0, 0.0, 0.005)},
        {"position": (5.0, 0.0, 2.0)},
        {"position": (0.0, -5.0, 2.0)},
        {"opacity": 0.0039},
        {"position": (math.nan, 0.0, 2.0)},
        {"position": (0.0, 0.0, math.inf)},
        {"scale": math.nan},
    ],
    ids=str,
)
def test_what_cannot_be_seen_leaves_the_background(backend, change):
    scene = one_gaussian(**change)
    for name in DIFFERENTIABLE:
        scene[name].requires_grad_()
    drawn = rasterise(**scene, backend=backend)
    assert torch.equal(drawn.rgb, scene["backgrounds"].expand(1, 33, 33, 3))
    assert drawn.alpha.abs().max() == 0
    assert drawn.info["radii"].abs().max() == 0
    if backend == "numba":
        drawn.rgb.sum().backward()
        assert scene["means"].grad.abs().max() == 0
        assert scene["covars"].grad.abs().max() == 0
        assert scene["backgrounds"].grad.flatten().tolist() == [33 * 33] * 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_empty_scene_shows_the_background_and_can_be_differentiated(backend):
    scene = random_scene(count=0)
    for name in DIFFERENTIABLE:
        scene[name].requires_grad_()
    drawn = rasterise(**scene, backend=backend)
    assert torch.equal(drawn.rgb, scene["backgrounds"][:, None, None].expand(2, 48, 64, 3))
    drawn.rgb.sum().backward()
    assert scene["backgrounds"].grad.flatten().tolist() == [48 * 64] * 6


def test_black_is_the_background_where_none_is_given():
    scene = random_scene(count=0)
    del scene["backgrounds"]
    assert rasterise(**scene).rgb.abs().max() == 0


def test_inputs_need_not_be_contiguous():
    scene = random_scene()
    expected = rasterise(**scene).rgb
    scene["means"] = scene["means"].transpose(1, 2).contiguous().transpose(1, 2)
    scene["covars"] = scene["covars"][:1].expand(2, -1, -1, -1)
    scene["colours"] = scene["colours"].t().contiguous().t()
    assert torch.equal(rasterise(**scene).rgb, expected)
