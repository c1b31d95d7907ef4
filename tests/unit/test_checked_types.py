"""Shapes are checked wherever tests call the package."""

import pytest
import torch
from jaxtyping import TypeCheckError

from gaussianmotion.avatar.gaussians import colour_logits


def test_a_wrong_shape_is_an_error():
    with pytest.raises(TypeCheckError):
        colour_logits(torch.zeros(5, 4))
    assert colour_logits(torch.zeros(5, 3)).shape == (5, 3)
