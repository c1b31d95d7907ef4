"""Mistakes in calling rasterise."""

import pytest
import torch
from splat_scenes import random_scene

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat import rasterise
from gaussianmotion.splat.rasterise import chosen_backend
from gaussianmotion.splat.scene import check_scene


def _tensors(**changes):
    scene = random_scene(count=5)
    width, height = scene.pop("width"), scene.pop("height")
    return scene | changes, width, height


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("covars", (2, 5, 3)),
        ("colours", (2, 5, 3)),
        ("opacities", (5, 1)),
        ("viewmats", (1, 4, 4)),
        ("Ks", (2, 4, 4)),
        ("backgrounds", (3,)),
    ],
)
def test_a_wrong_shape_is_named_with_the_right_one(name, shape):
    # Below rasterise, whose run-time signature check in these tests would speak first.
    with pytest.raises(ValueError, match=rf"{name} must have shape \(.*it is \({shape[0]}"):
        check_scene(*_tensors(**{name: torch.zeros(shape)}))


def test_mixed_dtypes_are_refused():
    with pytest.raises(ValueError, match=r"colours is torch.float64 .* one dtype and device"):
        check_scene(*_tensors(colours=torch.zeros(5, 3, dtype=torch.float64)))


def test_an_empty_image_is_refused():
    with pytest.raises(ValueError, match="width and height must be at least 1 pixel"):
        rasterise(**random_scene(count=5) | {"width": 0})


def test_the_kernels_refuse_float64():
    scene = {k: v.double() if torch.is_tensor(v) else v for k, v in random_scene(count=5).items()}
    with pytest.raises(ValueError, match="numba draws float32, but means is"):
        rasterise(**scene, backend="numba")
    assert rasterise(**scene).info["backend"] == "torch"


def test_gsplat_on_the_cpu_is_a_mistake_of_the_settings():
    with pytest.raises(UserError, match="gsplat needs a CUDA device; write rasteriser"):
        rasterise(**random_scene(count=5), backend="gsplat")


def test_the_cpu_takes_the_kernels_by_itself():
    assert rasterise(**random_scene(count=5)).info["backend"] == "numba"


def test_what_draws_is_told_as_it_is_chosen() -> None:
    here, elsewhere = torch.device("cpu"), torch.device("meta")
    assert chosen_backend("auto", here) == "numba"
    assert chosen_backend("auto", here, torch.float64) == "torch"
    assert chosen_backend("auto", elsewhere) == "torch"
    assert chosen_backend("torch", here) == "torch"
