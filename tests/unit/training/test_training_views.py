"""Training views: framed as asked, from all around, drawn by the generator alone."""

import pytest
import torch

from gaussianmotion.body.poses import a_pose, star_pose
from gaussianmotion.config import CameraConfig, TrainConfig
from gaussianmotion.pose.sampling import sample_poses
from gaussianmotion.training import cameras as cameras_module
from gaussianmotion.training.cameras import sample_cameras, sample_views
from gaussianmotion.training.lookahead import Lookahead, draw_pose

FULL = {"full_body": 1.0, "upper_body": 0.0, "head": 0.0}
UPPER = {"full_body": 0.0, "upper_body": 1.0, "head": 0.0}
HEAD = {"full_body": 0.0, "upper_body": 0.0, "head": 1.0}
LOWER = {"full_body": 0.0, "upper_body": 0.0, "head": 0.0, "lower_body": 1.0}
SIZE = 96


def draw(body, poses, seed=0, **keys):
    joints = body.posed_joints(poses)
    config = CameraConfig.model_validate(keys)
    return sample_cameras(joints, config, SIZE, torch.Generator().manual_seed(seed))


def test_a_full_body_view_shows_the_whole_body(open_body):
    config = TrainConfig(batch=32, size=SIZE, cameras=CameraConfig(**FULL))
    poses = sample_poses(32, config.poses, torch.Generator().manual_seed(1))
    cameras = draw(open_body, poses, **FULL)
    pixels = cameras.project(open_body.posed_vertices(poses))[..., :2]
    inside = ((pixels > 0) & (pixels < SIZE)).all(dim=-1).float().mean(dim=1)
    assert inside.min() > 0.99
    # And not lost in the distance: the body spans at least half of the image.
    span = (pixels.amax(dim=1) - pixels.amin(dim=1)).amax(dim=1)
    assert span.min() > 0.5 * SIZE


def test_the_margin_is_the_share_that_stays_free(open_body):
    poses = star_pose().repeat(8, 1, 1)
    near = draw(open_body, poses, **FULL, margin=(1.0, 1.0))
    far = draw(open_body, poses, **FULL, margin=(1.5, 1.5))
    spans = []
    for cameras in (near, far):
        pixels = cameras.project(open_body.posed_vertices(poses))[..., :2]
        spans.append((pixels.amax(dim=1) - pixels.amin(dim=1)).amax(dim=1))
    assert (spans[0] / spans[1]).mean().item() == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize(("share", "inside", "outside"), [(UPPER, 12, 7), (HEAD, 15, 0)])
def test_a_closer_framing_shows_its_part_only(open_body, share, inside, outside):
    poses = a_pose().repeat(16, 1, 1)
    cameras = draw(open_body, poses, **share)
    pixels = cameras.project(open_body.posed_joints(poses))[..., :2]
    assert ((pixels[:, inside] > 0) & (pixels[:, inside] < SIZE)).all()
    assert (pixels[:, outside, 1] > SIZE).all()


def test_a_lower_body_view_shows_hips_and_feet_and_no_head(open_body):
    poses = a_pose().repeat(16, 1, 1)
    cameras = draw(open_body, poses, **LOWER)
    assert set(cameras.framing) == {"lower body"}
    pixels = cameras.project(open_body.posed_joints(poses))[..., :2]
    assert ((pixels[:, [1, 2, 10, 11]] > 0) & (pixels[:, [1, 2, 10, 11]] < SIZE)).all()
    assert (pixels[:, 15, 1] < 0).all()


def test_a_head_view_shows_the_crown(open_body):
    poses = a_pose().repeat(16, 1, 1)
    cameras = draw(open_body, poses, **HEAD)
    vertices = open_body.posed_vertices(poses)
    crown = vertices.gather(1, vertices[..., 1].argmax(dim=1)[:, None, None].expand(-1, 1, 3))
    rows = cameras.project(crown)[:, 0, 1]
    assert (rows > 0).all()
    assert (rows < 0.45 * SIZE).all()


def test_late_heads_are_as_near_as_asked_and_nothing_else_is(open_body):
    poses = a_pose().repeat(16, 1, 1)
    joints = open_body.posed_joints(poses)

    def reach(late: bool, framing: dict[str, float]) -> torch.Tensor:
        config = CameraConfig(**framing, margin=(1.2, 1.2), late_head_margin=(0.6, 0.6))
        cameras = sample_cameras(joints, config, SIZE, torch.Generator().manual_seed(3), late)
        pixels = cameras.project(joints)[..., :2]
        return (pixels[:, 15] - pixels[:, 12]).norm(dim=-1)

    assert (reach(True, HEAD) / reach(False, HEAD) > 1.6).all()
    assert torch.equal(reach(True, UPPER), reach(False, UPPER))
    with pytest.raises(ValueError, match="late_head_margin must be two numbers"):
        CameraConfig(late_head_margin=(0.0, 0.5))


def test_the_margin_of_late_heads_begins_with_the_annealing(open_body):
    cameras = CameraConfig(**HEAD, margin=(1.2, 1.2), late_head_margin=(0.6, 0.6))
    config = TrainConfig(batch=2, size=SIZE, steps=10, cameras=cameras)

    def joints_of(step: int) -> torch.Tensor:
        ahead = Lookahead(open_body, config, torch.Generator().manual_seed(0), draw_pose)
        views = ahead.take(step).views
        pixels = views.cameras.project(open_body.posed_joints(views.poses))[..., :2]
        return (pixels[:, 15] - pixels[:, 12]).norm(dim=-1)

    assert torch.equal(joints_of(0), joints_of(4))
    assert (joints_of(5) / joints_of(4) > 1.6).all()


def test_the_views_of_a_step_are_from_all_around(open_body):
    azimuths = draw(open_body, a_pose().repeat(4, 1, 1)).azimuth.sort().values
    gaps = torch.cat([azimuths.diff(), azimuths[:1] + 360 - azimuths[-1:]])
    assert gaps.max() < 180.0


def test_ranges_and_shares_are_kept(open_body):
    cameras = draw(
        open_body,
        a_pose().repeat(400, 1, 1),
        elevation=(-5.0, 10.0),
        fov_y=(45.0, 50.0),
        full_body=0.5,
        upper_body=0.3,
        head=0.2,
    )
    assert -5.0 <= cameras.elevation.min() < -4.0
    assert 9.0 < cameras.elevation.max() <= 10.0
    focal = cameras.Ks[:, 1, 1]
    fov = 2 * torch.rad2deg(torch.atan(0.5 * SIZE / focal))
    assert fov.min() >= 45.0 - 1e-3
    assert fov.max() <= 50.0 + 1e-3
    shares = [cameras.framing.count(f) / 400 for f in ("full body", "upper body", "head")]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.08)


def test_a_generator_decides(open_body):
    poses = a_pose().repeat(4, 1, 1)
    one, same, other = (draw(open_body, poses, seed) for seed in (1, 1, 2))
    assert torch.equal(one.viewmats, same.viewmats)
    assert not torch.equal(one.viewmats, other.viewmats)


def test_one_pose_per_step_where_asked(open_body):
    views = sample_views(
        open_body, TrainConfig(batch=3, pose_per_view=False), torch.Generator().manual_seed(0)
    )
    assert torch.equal(views.poses[0], views.poses[2])
    views = sample_views(open_body, TrainConfig(batch=3), torch.Generator().manual_seed(0))
    assert not torch.equal(views.poses[0], views.poses[2])


def test_backgrounds_come_from_the_palette(open_body):
    palette = [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    views = sample_views(
        open_body, TrainConfig(batch=16, backgrounds=palette), torch.Generator().manual_seed(0)
    )
    assert {tuple(colour) for colour in views.backgrounds.tolist()} == set(palette)


def nearest_in_picture(body, poses, cameras):
    """Depth of the nearest vertex in each picture over that of the head."""
    seen = cameras.project(body.posed_vertices(poses))
    inside = ((seen[..., :2] >= 0) & (seen[..., :2] < SIZE)).all(dim=-1) & (seen[..., 2] > 0)
    nearest = torch.where(inside, seen[..., 2], torch.inf).amin(dim=1)
    return nearest / cameras.project(body.posed_joints(poses)[:, 15:16])[:, 0, 2]


@pytest.mark.parametrize("share", [UPPER, HEAD])
def test_no_arm_is_between_camera_and_face(open_body, share):
    blocked, clear, framings = [], [], []
    for step in range(30):
        poses = sample_poses(4, TrainConfig().poses, torch.Generator().manual_seed(step))
        blocked.append(
            nearest_in_picture(open_body, poses, draw(open_body, poses, step, **share, clear=False))
        )
        cameras = draw(open_body, poses, step, **share)
        clear.append(nearest_in_picture(open_body, poses, cameras))
        framings += cameras.framing
        # Still from all around: two sectors of four are half a turn.
        assert cameras.azimuth.sort().values.diff().max() < 181.0
    assert (torch.cat(blocked) < 0.5).float().mean() > 0.1
    assert (torch.cat(clear) < 0.5).float().mean() < 0.01
    assert framings.count("full body") < 0.06 * len(framings)


def test_where_no_close_up_is_clear_the_whole_body_is_framed(open_body, monkeypatch):
    monkeypatch.setattr(cameras_module, "_is_blocked", lambda *_: True)
    for step in range(10):
        poses = a_pose().repeat(4, 1, 1)
        cameras = draw(open_body, poses, step, **HEAD)
        assert set(cameras.framing) == {"full body"}
        seen = cameras.project(open_body.posed_vertices(poses))[..., :2] / SIZE
        assert ((seen > 0.0) & (seen < 1.0)).all()
        assert ((seen[..., 1].amax(dim=1) - seen[..., 1].amin(dim=1)) > 0.6).all()


def test_whole_bodies_are_the_same_without_the_check(open_body):
    poses = a_pose().repeat(8, 1, 1)
    one, other = (draw(open_body, poses, **FULL, clear=clear) for clear in (True, False))
    assert torch.equal(one.viewmats, other.viewmats)
