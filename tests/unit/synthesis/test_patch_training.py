"""The training of the prior on pixel patches: it learns, grows, resumes, and says what is wrong."""

import errno
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from prior_fakes import write_fakes

from gaussianmotion.config import TrackingConfig
from gaussianmotion.guidance.layout import GRID
from gaussianmotion.runtime import atomic
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.captions import HEAD
from gaussianmotion.synthesis.prior import patch_trainer
from gaussianmotion.synthesis.prior.batches import MIRRORED, View, make_batch, normals_of
from gaussianmotion.synthesis.prior.binding import binding
from gaussianmotion.synthesis.prior.curves_file import read_curves
from gaussianmotion.synthesis.prior.mlflow_log import PriorLog
from gaussianmotion.synthesis.prior.patch_networks import (
    Shape,
    grow,
    new_patch_controlnet,
    new_patch_unet,
)
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.shards import TrainingSet
from gaussianmotion.synthesis.prior.train_patches import CHECKPOINT, CURVES, Logging, train_patches
from gaussianmotion.synthesis.resumable import alone_in
from gaussianmotion.tracking.opening import open_client

SHAPE = Shape(patch=16, widths=(32, 32), heads=(2, 2), attention=(False, True), pose=(8, 8, 16))
SETTINGS = PatchSettings(shape=SHAPE, warmup=8)
PHASES = (Phase(8, 64, 8, 4), Phase(10**9, 128, 16, 4))
QUIET = Logging(every=8, items=4, grid=4, lines=0.0)


def fake_encoder() -> Any:
    def states(prompts: list[str]) -> torch.Tensor:
        return torch.stack(
            [torch.randn(6, 384, generator=torch.Generator().manual_seed(len(p))) for p in prompts]
        )

    return states


def silent(_: str) -> None:
    """No progress lines."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fakes(tmp_path_factory.mktemp("v3"), count=12, per_shard=8, version=4)


@pytest.fixture(scope="module")
def data(dataset: Path) -> TrainingSet:
    loaded = TrainingSet(dataset, None, fake_encoder)
    loaded.take_up(report=silent)
    return loaded


def train(dataset: Path, out: Path, until: int, **changes: Any) -> Path:
    given = {
        "settings": SETTINGS, "phases": PHASES, "device": torch.device("cpu"), "logging": QUIET,
        "encoder": fake_encoder, "report": silent,
    }  # fmt: skip
    return train_patches(dataset, dataset, out, until, 0, **(given | changes))


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["networks"]


def test_a_killed_training_ends_where_an_unbroken_one_does(dataset: Path, tmp_path: Path) -> None:
    whole = weights(train(dataset, tmp_path / "whole", 16))
    train(dataset, tmp_path / "broken", 12)  # in the second phase, after the growth
    broken = weights(train(dataset, tmp_path / "broken", 16))
    assert whole.keys() == broken.keys()
    for name, value in whole.items():
        assert torch.equal(value, broken[name]), name
    rows = read_curves(tmp_path / "broken" / CURVES)
    assert [row["step"] for row in rows] == ["8", "12", "16"]
    assert all(0 < float(row["own"]) < 9 for row in rows)
    assert len(list((tmp_path / "whole" / "grids").glob("*.png"))) == 2


def test_another_batch_or_device_may_go_on_other_settings_may_not(
    dataset: Path, tmp_path: Path
) -> None:
    train(dataset, tmp_path, 4)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(UserError, match=r"another training \(seed 0, now 3\)"):
        train(dataset, tmp_path, 8, settings=replace(SETTINGS, seed=3))
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    train(dataset, tmp_path, 6, phases=(Phase(10**9, 64, 8, 2),))


def test_two_trainings_never_share_a_folder(dataset: Path, tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(UserError, match=r"another training \(process \d+\)"):
        train(dataset, tmp_path, 4)


def test_a_full_disk_is_one_line_and_the_checkpoint_before_stays(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(dataset, tmp_path, 4)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(UserError, match="no space left on disk while writing"):
        train(dataset, tmp_path, 8)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_damaged_checkpoint_is_one_line(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(UserError, match="damaged or no checkpoint"):
        train(dataset, tmp_path, 8)


@pytest.mark.parametrize(("version", "missing"), [(2, "depth"), (3, "surface")])
def test_data_of_earlier_versions_is_refused_by_name(
    tmp_path: Path, version: int, missing: str
) -> None:
    old = write_fakes(tmp_path / "old", count=4, per_shard=4, version=version)
    with pytest.raises(UserError, match=rf"shard_0000.npz has no {missing}: it is of data version"):
        train(old, tmp_path / "out", 8)


def test_shards_are_taken_up_as_they_come(tmp_path: Path) -> None:
    folder = write_fakes(tmp_path, count=4, per_shard=4, version=4)
    data = TrainingSet(folder, None, fake_encoder)
    assert data.take_up(report=silent) == 1
    write_fakes(tmp_path, count=12, per_shard=4, version=4)
    assert data.take_up(encode=1, report=silent) == 1
    assert len(data) == 8
    item = data.rows(("keypoints",), np.array([5]))["keypoints"][0]
    with np.load(folder / "shard_0001.npz") as shard:
        np.testing.assert_array_equal(item, shard["keypoints"][1])


def test_states_are_made_again_for_other_captions(tmp_path: Path) -> None:
    folder = write_fakes(tmp_path, count=4, per_shard=4, version=4)
    TrainingSet(folder, None, fake_encoder).take_up(report=silent)
    written = (folder / "text_0000.npz").stat().st_mtime_ns
    TrainingSet(folder, None, fake_encoder).take_up(report=silent)
    assert (folder / "text_0000.npz").stat().st_mtime_ns == written
    write_fakes(tmp_path, count=4, per_shard=4, seed=5, version=4)
    TrainingSet(folder, None, fake_encoder).take_up(report=silent)
    assert (folder / "text_0000.npz").stat().st_mtime_ns > written


def test_growth_computes_what_the_smaller_patch_did() -> None:
    torch.manual_seed(0)
    small, large = replace(SHAPE, patch=4), replace(SHAPE, patch=8)
    unet, control = new_patch_unet(small), new_patch_controlnet(small)
    wide_unet, wide_control = new_patch_unet(large), new_patch_controlnet(large)
    wide_unet.load_state_dict(grow(unet.state_dict(), 4))
    wide_control.load_state_dict(grow(control.state_dict(), 4))
    picture = torch.randn(2, 3, 32, 32)
    # A picture of twice the size at half the scale, patches of twice the side.
    cells = torch.nn.functional.pixel_unshuffle(picture, 4)
    wide = torch.nn.functional.interpolate(picture, scale_factor=2.0, mode="nearest") / 2
    wide_cells = torch.nn.functional.pixel_unshuffle(wide, 8)
    times, text = torch.tensor([10, 800]), torch.randn(2, 5, 384)
    pose = torch.rand(2, 6, 32, 32)

    @torch.no_grad()
    def run(unet: Any, control: Any, x: torch.Tensor) -> torch.Tensor:
        down, mid = control(x, times, text, pose, return_dict=False)
        return unet(
            x, times, text, class_labels=text.mean(1), down_block_additional_residuals=down,
            mid_block_additional_residual=mid, return_dict=False,
        )[0]  # fmt: skip

    before = torch.nn.functional.pixel_shuffle(run(unet, control, cells), 4)
    after = torch.nn.functional.pixel_shuffle(run(wide_unet, wide_control, wide_cells), 8)
    expected = torch.nn.functional.interpolate(before, scale_factor=2.0, mode="nearest") / 2
    torch.testing.assert_close(after, expected, atol=2e-5, rtol=1e-4)


def test_every_part_of_the_networks_learns(data: TrainingSet) -> None:
    empty = torch.zeros(6, 384)
    settings = replace(SETTINGS, normals=0.1, text_drop=0.0, pose_drop=0.0)
    trainer = PatchTrainer(data, settings, PHASES[1:], 1000, 0, torch.device("cpu"), empty)
    before = {name: p.detach().clone() for name, p in trainer.networks.named_parameters()}
    for _ in range(2):
        trainer.advance()
    # A 1x1 grid of cells at the bottom leaves nothing to choose between for self-attention.
    still = [n for n, p in trainer.networks.named_parameters() if torch.equal(p, before[n])]
    assert [n for n in still if "to_q" not in n and "to_k" not in n] == []
    view = trainer.view(mirror=False)

    def error() -> float:
        parts = (trainer.networks, trainer.tap, data, view, trainer.scaling, 4, trainer.device)
        return binding(*parts)["own"]

    first = error()
    for _ in range(14):
        trainer.advance()
    assert error() < 0.8 * first


def test_mirrored_pictures_have_their_left_on_the_other_side(data: TrainingSet) -> None:
    items = np.arange(12)
    plain = make_batch(data, items, View(64, 8, 4, mirror=False), torch.Generator())
    draws = torch.Generator().manual_seed(0)
    some = make_batch(data, items, View(64, 8, 4, mirror=True), draws)
    flipped = [i for i in items if not torch.equal(plain.pictures[i], some.pictures[i])]
    assert 0 < len(flipped) < 12
    for i in flipped:
        torch.testing.assert_close(some.pictures[i], plain.pictures[i].flip(-1))
        torch.testing.assert_close(some.labels[i], plain.labels[i].flip(-1))
    assert sorted(MIRRORED.tolist()) == list(range(18))
    assert (MIRRORED[MIRRORED] == np.arange(18)).all()


def test_labels_and_weights_have_the_grid_of_the_cells(data: TrainingSet) -> None:
    batch = make_batch(data, np.arange(3), View(128, 8, 4, face_weight=3.0), torch.Generator())
    assert batch.labels.shape == (3, 16 * GRID, 16 * GRID)
    assert batch.poses.shape == (3, 6, 64, 64)
    torch.testing.assert_close(batch.weights.mean(dim=(1, 2, 3)), torch.ones(3))
    # Cartoon people who look at the camera: their faces weigh most.
    front = batch.weights.amax(dim=(1, 2, 3)) / batch.weights.amin(dim=(1, 2, 3))
    assert front.max() > 8


def test_processes_that_share_a_step_compute_what_one_does(data: TrainingSet) -> None:
    cpu, empty = torch.device("cpu"), torch.zeros(6, 384)
    one, two = (
        PatchTrainer(data, SETTINGS, PHASES, 1000, 0, cpu, empty, workers) for workers in (1, 2)
    )
    start = torch.cat([p.detach().flatten() for p in one.networks.parameters()])
    steps = []
    for trainer in (one, two):
        trainer.advance()
        steps.append(torch.cat([p.detach().flatten() for p in trainer.networks.parameters()]))
    assert two.recent()["loss"] == pytest.approx(one.recent()["loss"], rel=1e-3)
    # Orthogonalised updates of half precision; of other gradients they would be as far apart as
    # they are long.
    assert (steps[0] - steps[1]).norm() < 0.3 * (steps[0] - start).norm()
    for _ in range(2):  # into the second phase, with other networks
        two.advance()
    assert two.replicas is not None
    two.replicas.close()


def test_a_killed_process_of_a_step_is_one_line(data: TrainingSet) -> None:
    before = set(multiprocessing.active_children())
    trainer = PatchTrainer(
        data, SETTINGS, PHASES, 1000, 0, torch.device("cpu"), torch.zeros(6, 384), 2
    )
    (process,) = set(multiprocessing.active_children()) - before
    process.kill()
    process.join()
    with pytest.raises(UserError, match="a process of the training was killed"):
        trainer.advance()


def test_the_surface_map_is_that_of_the_data_and_is_mirrored_with_its_picture(
    data: TrainingSet,
) -> None:
    view, items = View(128, 8, 4), np.zeros(16, np.int64)
    batch = make_batch(data, items, view, torch.Generator().manual_seed(0))
    plain = make_batch(data, items, replace(view, mirror=False), torch.Generator())
    drawn = data.rows(("surface",), items[:1])["surface"][0].astype(np.float32) / 255
    small = torch.nn.functional.avg_pool2d(torch.from_numpy(drawn).permute(2, 0, 1), 2)
    torch.testing.assert_close(plain.poses[0, 3:], small)
    mirrored = [not torch.equal(picture, plain.pictures[0]) for picture in batch.pictures]
    assert 0 < sum(mirrored) < 16
    for turned, pose in zip(mirrored, batch.poses, strict=True):
        green, expected = pose[4], plain.poses[0, 4]
        torch.testing.assert_close(green, expected.flip(-1) if turned else expected)
        assert torch.equal(pose[3], plain.poses[0, 3]) == (not turned)
    skeletons = make_batch(data, items, replace(view, condition=3), torch.Generator())
    assert skeletons.poses.shape == (16, 3, 64, 64)


def test_normals_of_a_tilted_plane() -> None:
    size, slope = 32, 0.5
    fov = torch.tensor([50.0])
    place = (torch.arange(size) + 0.5 - size / 2) / (size / 2 / np.tan(np.radians(25.0)))
    depth = (2.0 / (1.0 - slope * place)).expand(1, size, size)  # z = 2 + slope x
    normals = normals_of(depth, fov)[0, :, :-1, :-1]
    expected = torch.tensor([slope, 0.0, -1.0]) / (1 + slope**2) ** 0.5
    torch.testing.assert_close(
        normals, expected.float()[:, None, None].expand_as(normals), atol=1e-3, rtol=0
    )
    assert normals_of(torch.zeros(1, 8, 8), fov).abs().max() == 0


def test_mlflow_gets_each_row_and_grid_once_and_its_absence_is_one_line(
    dataset: Path, tmp_path: Path
) -> None:
    out, lines = tmp_path / "run", list[str]()
    train(dataset, out, 8)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    tracking = TrackingConfig(uri=store, artifacts=str(tmp_path / "artifacts"))
    log = PriorLog(out, {"seed": 0}, tracking, lines.append)
    assert log.send()
    train(dataset, out, 16)
    assert PriorLog(out, {"seed": 0}, tracking, lines.append).send()
    assert lines == []
    client = open_client(tracking)
    (run,) = client.search_runs([client.get_experiment_by_name("prior").experiment_id])
    points = client.get_metric_history(run.info.run_id, "own")
    assert [point.step for point in points] == [8, 16]
    assert len(client.list_artifacts(run.info.run_id, "grids")) == 2
    away = TrackingConfig(uri=f"sqlite:///{out}/curves.csv/no/place.db")
    assert not PriorLog(out, {}, away, lines.append).send()
    assert len(lines) == 1


def test_a_last_stretch_draws_more_heads(
    data: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    framings = np.array([HEAD, 0, 0, 1] * 3, np.uint8)
    drawn: list[np.ndarray] = []

    def noted(data: TrainingSet, items: np.ndarray, *parts: Any) -> Any:
        drawn.append(items)
        return make_batch(data, items[:1], *parts)

    monkeypatch.setattr(TrainingSet, "framings", lambda self: framings)
    monkeypatch.setattr(patch_trainer, "make_batch", noted)
    empty, wide = torch.zeros(6, 384), replace(PHASES[1], batch=400)
    for heads, expected in ((0.0, 0.25), (0.75, 0.75)):
        phases = (replace(wide, heads=heads),)
        settings = replace(SETTINGS, text_drop=0.0)
        trainer = PatchTrainer(data, settings, phases, 1000, 0, torch.device("cpu"), empty)
        trainer.draw(0)
        assert (framings[drawn[-1]] == HEAD).mean() == pytest.approx(expected, abs=0.08)
