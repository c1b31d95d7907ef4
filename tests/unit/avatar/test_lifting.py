"""What pixels say, said of the Gaussians that they show."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.lifting import lifted
from gaussianmotion.body.poses import a_pose
from gaussianmotion.camera import orbit


@pytest.fixture
def avatar(open_body):
    return Avatar.on_body(open_body, 800, 0.7, torch.Generator().manual_seed(0), False)


@pytest.fixture
def looked_at(open_body):
    poses = torch.stack([a_pose(), a_pose()])
    middle = open_body.posed_joints(poses).mean(dim=1)
    size = torch.full((2,), 4.0), torch.full((2,), 30.0)
    return poses, orbit(torch.tensor([0.0, 130.0]), torch.zeros(2), *size, middle, 48)


def test_it_is_the_derivative_of_what_pixels_add_up_to(avatar, open_body, looked_at):
    """A pixel is linear in the colours: one Gaussian's weight is what it alone would paint."""
    labels = torch.rand(2, 48, 48, 3, generator=torch.Generator().manual_seed(1))
    found = lifted(avatar, open_body, *looked_at, labels, "torch")
    with torch.no_grad():
        avatar.colours.fill_(-200.0)  # black
        for index in (0, 17, 400):
            avatar.colours[index] = 200.0  # white
            alone = avatar.render(open_body, *looked_at, torch.zeros(2, 3), "torch").rgb
            torch.testing.assert_close(found[index], (alone * labels).sum((0, 1, 2)))
            avatar.colours[index] = -200.0


def test_both_rasterisers_agree_and_leave_no_gradients(avatar, open_body, looked_at):
    labels = torch.rand(2, 48, 48, 3, generator=torch.Generator().manual_seed(1))
    given = {"weights": avatar.weights(), "compensate": True}
    expected = lifted(avatar, open_body, *looked_at, labels, "torch", **given)
    found = lifted(avatar, open_body, *looked_at, labels, "numba", **given)
    # Rounding decides whether a splat whose share is next to the least that counts, 1/255, counts.
    torch.testing.assert_close(found, expected, atol=1.1 / 255, rtol=1e-3)
    assert all(parameter.grad is None for parameter in avatar.parameters())


def test_what_no_picture_shows_has_nothing(avatar, open_body, looked_at):
    poses, cameras = looked_at
    with torch.no_grad():
        avatar.means[5] += 50.0
    found = lifted(avatar, open_body, poses, cameras, torch.ones(2, 48, 48, 3), "torch")
    assert found[5].abs().max() == 0.0
    assert (found.amax(dim=1) > 0.0).float().mean() > 0.9
