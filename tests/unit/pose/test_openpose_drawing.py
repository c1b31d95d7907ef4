"""The drawing itself, against the description of ControlNet's training images."""

import math

import numpy as np
import pytest
import torch

from gaussianmotion.pose.openpose import COLOURS, KEYPOINTS, LIMBS, draw_openpose

STANDING = torch.tensor(
    [
        [256, 90], [256, 140], [206, 140], [150, 180], [110, 230], [306, 140], [360, 180],
        [400, 140], [226, 270], [220, 360], [215, 450], [286, 270], [292, 360], [297, 450],
        [240, 75], [272, 75], [220, 86], [292, 86],
    ],
    dtype=torch.float32,
)  # fmt: skip
ALL = torch.ones(1, 18, dtype=torch.bool)


def draw(points: torch.Tensor, size: int, visible: torch.Tensor = ALL) -> torch.Tensor:
    return draw_openpose(points[None] * size / 512, visible, size, size)[0]


def rgb_at(image: torch.Tensor, point: torch.Tensor) -> list[int]:
    x, y = (int(v) for v in point)
    return (image[:, y, x] * 255).round().int().tolist()


def supersampled(points: torch.Tensor, size: int, samples: int = 6) -> torch.Tensor:
    """The same picture by brute force: opaque shapes on a finer grid, then averaged per shape."""
    grid = (torch.arange(size * samples) + 0.5) / samples
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    image = torch.zeros(3, size, size)
    width = 4.5 * size / 512

    def paint(inside: torch.Tensor, colour: tuple, shade: float) -> None:
        cover = torch.nn.functional.avg_pool2d(inside.float()[None], samples)[0]
        tone = shade * torch.tensor(colour, dtype=torch.float32)[:, None, None] / 255
        image.copy_(image * (1 - cover) + tone * cover)

    for (a, b), colour in zip(LIMBS, COLOURS, strict=False):
        middle, along = (points[a] + points[b]) / 2, points[b] - points[a]
        length = float(along.norm())
        ux, uy = (along / length).tolist()
        u = (x - middle[0]) * ux + (y - middle[1]) * uy
        v = (y - middle[1]) * ux - (x - middle[0]) * uy
        half = length / 2 + 0.5 * size / 512
        paint((u / half) ** 2 + (v / width) ** 2 <= 1, colour, 0.6)
    for point, colour in zip(points, COLOURS, strict=True):
        paint((x - point[0]) ** 2 + (y - point[1]) ** 2 <= width**2, colour, 1.0)
    return image


@pytest.mark.parametrize("size", [64, 128, 256])
def test_the_picture_equals_a_supersampled_one(size: int) -> None:
    expected = supersampled(STANDING * size / 512, size)
    difference = (draw(STANDING, size) - expected).abs()
    assert difference.max() < 0.12
    assert difference.mean() < 5e-4


def test_circles_have_their_full_colour_in_keypoint_order() -> None:
    image = draw(STANDING, 512)
    for index, colour in enumerate(COLOURS):
        assert rgb_at(image, STANDING[index]) == list(colour), KEYPOINTS[index]
    assert KEYPOINTS[2] == "right shoulder"
    assert COLOURS[2] == (255, 170, 0)
    assert KEYPOINTS[5] == "left shoulder"
    assert COLOURS[5] == (85, 255, 0)


# Written out again, so that a shift of colours against limbs cannot hide.
LIMB_COLOURS = {
    ("neck", "right shoulder"): (153, 0, 0), ("neck", "left shoulder"): (153, 51, 0),
    ("right shoulder", "right elbow"): (153, 102, 0), ("right elbow", "right wrist"): (153, 153, 0),
    ("left shoulder", "left elbow"): (102, 153, 0), ("left elbow", "left wrist"): (51, 153, 0),
    ("neck", "right hip"): (0, 153, 0), ("right hip", "right knee"): (0, 153, 51),
    ("right knee", "right ankle"): (0, 153, 102), ("neck", "left hip"): (0, 153, 153),
    ("left hip", "left knee"): (0, 102, 153), ("left knee", "left ankle"): (0, 51, 153),
    ("neck", "nose"): (0, 0, 153), ("nose", "right eye"): (51, 0, 153),
    ("right eye", "right ear"): (102, 0, 153), ("nose", "left eye"): (153, 0, 153),
    ("left eye", "left ear"): (153, 0, 102),
}  # fmt: skip


@pytest.mark.parametrize("limb", LIMB_COLOURS)
def test_each_limb_has_its_own_colour_at_six_tenths(limb: tuple[str, str]) -> None:
    ends = [KEYPOINTS.index(name) for name in limb]
    shown = torch.zeros(1, 18, dtype=torch.bool)
    shown[0, ends] = True
    points = torch.full((18, 2), 1000.0)
    points[ends[0]], points[ends[1]] = torch.tensor([100.0, 256.0]), torch.tensor([400.0, 256.0])
    image = draw(points, 512, shown)
    assert rgb_at(image, torch.tensor([250.0, 256.0])) == list(LIMB_COLOURS[limb])
    # Half-width 4.5 px in the middle at 512 px.
    assert float((image[:, :, 250].amax(0) > 0.1).sum()) == 10


@pytest.mark.parametrize("size", [64, 96, 128])
@pytest.mark.parametrize("degrees", [0, 7, 45, 83, 90])
def test_thin_limbs_of_small_images_do_not_break(size: int, degrees: int) -> None:
    shown = torch.zeros(1, 18, dtype=torch.bool)
    shown[0, [8, 9]] = True
    angle = math.radians(degrees)
    along = torch.tensor([math.cos(angle), math.sin(angle)])
    points = torch.full((18, 2), -1e3)
    points[8], points[9] = 250.3 - 150 * along, 250.3 + 150 * along
    image = draw(points, size, shown).amax(0)
    for share in np.linspace(-0.95, 0.95, 60):
        x, y = ((250.3 + 150 * share * along) * size / 512).long().tolist()
        near = image[y - 1 : y + 2, x - 1 : x + 2]
        assert float(near.max()) > 0.25


def test_moving_by_a_fraction_of_a_pixel_keeps_the_amount_of_paint() -> None:
    sums = [float(draw(STANDING + shift, 128).sum()) for shift in np.linspace(0, 4, 9)]
    assert max(sums) / min(sums) < 1.02


def test_nothing_is_drawn_of_hidden_or_impossible_points() -> None:
    none = torch.zeros(1, 18, dtype=torch.bool)
    assert draw(STANDING, 128, none).sum() == 0
    broken = STANDING.clone()
    broken[4] = float("nan")
    broken[7] = float("inf")
    hidden = ALL.clone()
    hidden[0, [4, 7]] = False
    torch.testing.assert_close(draw(broken, 128), draw(STANDING, 128, hidden))


def test_points_out_of_frame_draw_what_reaches_into_it() -> None:
    assert draw(STANDING + 5000, 128).sum() == 0
    far = STANDING.clone()
    far[10] = torch.tensor([215.0, 2000.0])
    image = draw(far, 128)
    red, green, blue = rgb_at(image, torch.tensor([54, 126]))
    assert red == 0
    assert green > 60
    assert blue == pytest.approx(green * 2 / 3, abs=1)
    far[10] = torch.tensor([1e12, -1e15])
    assert torch.isfinite(draw(far, 128)).all()


def test_sizes_follow_the_shorter_side_and_empty_batches_are_fine() -> None:
    wide = draw_openpose(STANDING[None] / 4, ALL, 128, 300)
    assert wide.shape == (1, 3, 128, 300)
    torch.testing.assert_close(wide[0, :, :, :128], draw(STANDING, 128))
    assert draw_openpose(torch.zeros(0, 18, 2), ALL[:0], 64, 64).shape == (0, 3, 64, 64)
