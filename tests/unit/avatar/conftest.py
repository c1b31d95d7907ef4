import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar


@pytest.fixture
def avatar(open_body):
    """A small avatar whose every tensor is unlike its start value."""
    generator = torch.Generator().manual_seed(3)
    made = Avatar.on_body(open_body, 200, 0.5, generator)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.01 * torch.randn(parameter.shape, generator=generator)
    made.refresh_smpl_weights(open_body)
    return made
