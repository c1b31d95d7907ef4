"""Dataset items agree with themselves: sides, faces, framings, seeds."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pack_fakes import toy_pack

from gaussianmotion.body.poses import named_pose
from gaussianmotion.cli import main
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.character_pack import (
    CharacterPack,
    load_characters,
)
from gaussianmotion.synthesis.people.dressing import (
    Look,
    outfit_held_out,
    pose_look,
    sample_look,
)
from gaussianmotion.synthesis.pictures.captions import view_of
from gaussianmotion.synthesis.pictures.dataset import SHARD, VERSION, missing_shards, render_dataset
from gaussianmotion.synthesis.pictures.dataset_items import (
    frame,
    is_blocked,
    make_item,
    openpose_points,
    render_shard,
    visible_points,
)
from gaussianmotion.synthesis.pictures.mesh_renderer import project


@pytest.fixture(scope="module")
def pack():
    return toy_pack()


@pytest.fixture(scope="module")
def star(pack):
    look = Look(0, {}, [], "young_asian_female", np.ones(3, np.float32))
    return pose_look(pack, look, named_pose("star").double().numpy())


def shown(star, azimuth, framing=0):
    view = frame(star, framing, float(azimuth), 0.0, 50.0, np.random.default_rng(0))
    points = openpose_points(star)
    focal = 64 / np.tan(np.radians(25))
    pixels = project(points, view, focal, 128)[:, :2]
    return pixels, visible_points(star, points, view, 50.0)


def test_frontal_view_has_the_left_shoulder_at_the_images_right(star):
    pixels, _ = shown(star, 0)
    right, left = pixels[2], pixels[5]
    assert left[0] > right[0] + 10
    pixels, _ = shown(star, 180)
    assert pixels[5][0] < pixels[2][0] - 10


def test_feet_are_below_the_head(star):
    pixels, _ = shown(star, 0)
    assert pixels[10, 1] > pixels[0, 1] + 30
    assert pixels[13, 1] > pixels[0, 1] + 30


def test_front_view_shows_the_face_and_back_view_hides_it(star):
    assert shown(star, 0)[1][[0, 14, 15]].all()
    assert not shown(star, 180)[1][[0, 14, 15]].any()
    assert shown(star, 180)[1][1:14].all()


def test_view_from_the_left_hides_the_right_ear(star):
    visible = shown(star, 90)[1]
    assert visible[17]
    assert not visible[16]


def test_full_body_framing_keeps_everyone_inside(star):
    for azimuth in range(0, 360, 45):
        pixels, _ = shown(star, azimuth)
        assert pixels.min() > 0
        assert pixels.max() < 128


def test_head_framing_centres_the_head(star):
    pixels, _ = shown(star, 0, framing=2)
    assert np.abs(pixels[0] - 64).max() < 40
    assert pixels[10, 1] > 128


def test_same_seed_same_item_and_other_seed_other_item(pack):
    people = np.arange(2)
    first, again, other = (make_item(pack, people, (0, 0, i)) for i in (4, 4, 5))
    for key, value in first.items():
        np.testing.assert_array_equal(value, again[key])
    assert first["captions"] != other["captions"] or (first["images"] != other["images"]).any()


def test_lower_body_framing_shows_the_feet_and_not_the_head(star):
    for azimuth in (0, 90, 180):
        pixels, _ = shown(star, azimuth, framing=3)
        assert pixels[[10, 13]].min() > 0
        assert pixels[[10, 13]].max() < 128
        assert pixels[0, 1] < 0


def test_a_hand_before_the_face_blocks_a_close_up(star):
    view = frame(star, 2, 90.0, 0.0, 50.0, np.random.default_rng(0))
    assert not is_blocked(star.joints, view, 50.0)
    raised = star.joints.copy()
    raised[[20, 22]] = raised[15] + [[0.28, 0.0, 0.0], [0.3, 0.05, 0.0]]  # left wrist and hand
    assert is_blocked(raised, view, 50.0)


def test_held_out_items_balance_views_and_show_all_framings(pack):
    items = [make_item(pack, np.arange(2), (1, 1, i), i) for i in range(12)]
    views = sorted(view_of(float(item["azimuth"])) for item in items[:6])
    assert views == [0, 0, 1, 1, 2, 2]
    assert all(item["framing"] == 0 for item in items[:6])
    assert all(item["framing"] == 2 for item in items[6:])


def test_outfits_of_the_held_out_set_are_worn_by_nobody_else(pack):
    rng = np.random.default_rng(0)
    for held_out in (False, True):
        looks = [sample_look(pack, np.arange(2), rng, held_out) for _ in range(20)]
        assert [outfit_held_out(look) for look in looks] == [held_out] * 20


def test_shard_holds_the_agreed_arrays(pack, tmp_path):
    render_shard(pack, tmp_path, 3, 0, 2, 0, True)
    with np.load(tmp_path / "shard_0003.npz", allow_pickle=False) as shard:
        assert shard["images"].shape == (2, 128, 128, 3)
        assert shard["images"].dtype == shard["masks"].dtype == shard["regions"].dtype == np.uint8
        assert shard["keypoints"].shape == (2, 18, 2)
        assert shard["visible"].dtype == bool
        assert shard["captions"].dtype.kind == "U"
        assert json.loads(str(shard["attributes"][0]))["framing"] == "full body"
        assert shard["depth"].dtype == np.uint16
        assert ((shard["depth"] > 0) == (shard["masks"] > 0)).all()
        assert shard["surface"].shape == (2, 128, 128, 3)
        assert (shard["surface"].any(axis=-1) & (shard["depth"] > 0)).any()
        covered = shard["masks"] > 127
        assert covered.any()
        np.testing.assert_array_equal(shard["regions"] > 0, covered)


def write_pack(path: Path, pack: CharacterPack) -> Path:
    """The file that :func:`load_characters` reads, of a pack with plain cloth only."""
    arrays = {
        "mean": pack.mean, "basis": pack.basis, "coefficients": pack.coefficients,
        "joints": pack.joints, "people": np.array([json.dumps(p) for p in pack.people]),
        "weights": pack.weights, "body_faces": pack.body_faces, "body_uvs": pack.body_uvs,
        "skin_names": np.array(list(pack.skins)),
        "skins": np.full((len(pack.skins), 512, 512, 3), 180, np.uint8),
    }  # fmt: skip
    for name, garment in pack.wearables.items():
        facts = {key: getattr(garment, key) for key in ("kind", "region", "sexes", "bias")}
        arrays[f"wear/{name}/facts"] = np.array(json.dumps(facts))
        for key in ("triangles", "references", "uvs", "coefficients", "offsets", "cut"):
            arrays[f"wear/{name}/{key}"] = getattr(garment, key)
        arrays[f"wear/{name}/hidden"] = np.packbits(garment.hidden)
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def pack_file(pack, tmp_path_factory):
    # Six people, so that the first and the last are kept for measuring, the others are not.
    people = replace(
        pack, people=pack.people * 3, coefficients=np.zeros((6, 1), np.float32),
        joints=np.concatenate([pack.joints] * 3),
    )  # fmt: skip
    return write_pack(tmp_path_factory.mktemp("pack") / "characters.npz", people)


def test_a_dataset_grows_and_keeps_what_it_had(pack_file, tmp_path):
    render_dataset(pack_file, tmp_path, 2, workers=1, report=lambda _: None)
    first = dict(np.load(tmp_path / "shard_0000.npz"))
    render_dataset(pack_file, tmp_path, 3, workers=1, report=lambda _: None)
    grown = dict(np.load(tmp_path / "shard_0000.npz"))
    assert len(grown["images"]) == 3
    for name, array in first.items():
        np.testing.assert_array_equal(grown[name][:2], array)
    assert json.loads((tmp_path / "dataset.json").read_text())["version"] == VERSION
    with pytest.raises(UserError, match="of 3 pictures: give --count 3 or more"):
        render_dataset(pack_file, tmp_path, 2)
    with pytest.raises(UserError, match="another seed"):
        render_dataset(pack_file, tmp_path, 3, seed=6)
    other = tmp_path / "characters.npz"
    other.write_bytes(pack_file.read_bytes() + b" ")
    with pytest.raises(UserError, match="another characters"):
        render_dataset(other, tmp_path, 3)


def test_shards_that_are_damaged_or_too_short_are_rendered_again(tmp_path):
    framing = {"framing": np.zeros(SHARD, np.uint8)}
    np.savez(tmp_path / "shard_0000.npz", **framing)
    np.savez(tmp_path / "shard_0001.npz", framing=framing["framing"][:7])
    assert missing_shards(tmp_path, SHARD + 7) == []
    assert missing_shards(tmp_path, SHARD + 8) == [(1, SHARD, 8)]
    half = (tmp_path / "shard_0000.npz").read_bytes()[:300]
    (tmp_path / "shard_0000.npz").write_bytes(half)
    assert missing_shards(tmp_path, SHARD + 7) == [(0, 0, SHARD)]


def test_user_mistakes_are_said_in_one_line(pack_file, tmp_path):
    broken = tmp_path / "pack.npz"
    broken.write_bytes(b"no archive")
    with pytest.raises(UserError, match="no character pack"):
        load_characters(broken)
    with pytest.raises(UserError, match="at least 1"):
        render_dataset(broken, tmp_path / "out", 0)
    (tmp_path / "shard_0000.npz").touch()
    with pytest.raises(UserError, match=r"without dataset\.json"):
        render_dataset(pack_file, tmp_path, 10)
    (tmp_path / "dataset.json").write_text('{"seed"')
    with pytest.raises(UserError, match="damaged"):
        render_dataset(pack_file, tmp_path, 10)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more"])
def test_a_character_pack_that_was_cut_short_is_one_line(content, tmp_path):
    path = tmp_path / "characters.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no character pack"):
        load_characters(path)


@pytest.mark.parametrize(
    "words", [["--workers", "0"], ["--seed", "-1"], ["--count", "many"]], ids=lambda w: w[0]
)
def test_numbers_that_cannot_be_are_refused_by_the_command_line(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["synthesis", "dataset", *words])
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err.splitlines()[-1]
