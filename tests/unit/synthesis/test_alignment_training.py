"""Training of the text alignment model: it learns, resumes exactly, ships in open_clip's form."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from alignment_fakes import MODEL, write_people
from open_clip import SimpleTokenizer
from PIL import Image

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.alignment_model import load_alignment
from gaussianmotion.synthesis.alignment.card import write_alignment_card
from gaussianmotion.synthesis.alignment.data import augmented, load_pictures, normalise, plain
from gaussianmotion.synthesis.alignment.export import export_alignment
from gaussianmotion.synthesis.alignment.measure import embed_pictures, measure_alignment
from gaussianmotion.synthesis.alignment.network import Tokens
from gaussianmotion.synthesis.alignment.training import (
    AlignmentTrainingSettings,
    contrast,
    rows_of_step,
    train_alignment,
)
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint

SETTINGS = AlignmentTrainingSettings(steps=12, batch=12, warmup=2, model=MODEL)


def silent(_: str) -> None:
    """No progress lines."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("people"), 40)


@pytest.fixture(scope="module")
def checkpoint(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_alignment(dataset, tmp_path_factory.mktemp("whole"), SETTINGS, report=silent)


@pytest.fixture(scope="module")
def shipped(dataset: Path, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_alignment(checkpoint, dataset, tmp_path_factory.mktemp("model"))


def test_a_resumed_training_is_bit_equal(dataset: Path, checkpoint: Path, tmp_path: Path) -> None:
    train_alignment(dataset, tmp_path, SETTINGS, stop_after=5, report=silent)
    path = train_alignment(dataset, tmp_path, SETTINGS, report=silent)
    whole, resumed = (load_checkpoint(p, "alignment") for p in (checkpoint, path))
    assert resumed["done"] == 12
    for name, value in whole["network"].items():
        assert torch.equal(value, resumed["network"][name]), name


def test_a_finished_training_does_nothing(dataset: Path, checkpoint: Path) -> None:
    before = checkpoint.stat().st_mtime_ns
    train_alignment(dataset, checkpoint.parent, SETTINGS, report=silent)
    assert checkpoint.stat().st_mtime_ns == before


def test_other_settings_do_not_go_on_silently(dataset: Path, checkpoint: Path) -> None:
    with pytest.raises(UserError, match=r"steps 12, now 1600"):
        train_alignment(
            dataset, checkpoint.parent, AlignmentTrainingSettings(model=MODEL), report=silent
        )


def test_the_loss_falls(dataset: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    settings = AlignmentTrainingSettings(steps=100, batch=10, warmup=5, model=MODEL)
    for stop in (1, 25):
        train_alignment(dataset, tmp_path, settings, stop, lines.append)
    losses = [
        float(line.split("loss ")[1].split()[0])
        for line in lines
        if line.startswith("alignment step")
    ]
    assert losses[-1] < 0.9 * losses[0]


def test_it_loads_through_open_clips_factory(shipped: Path, dataset: Path) -> None:
    name = f"local-dir:{shipped}"
    network, _, preprocess = open_clip.create_model_and_transforms(name)
    tokens = open_clip.get_tokenizer(name)(["a man in a red t-shirt"])
    assert tokens.shape == (1, 32)
    picture = (plain(load_pictures(dataset, 32, report=silent), [0])[0] * 255).round()
    image = Image.fromarray(picture.permute(1, 2, 0).numpy().astype(np.uint8))
    ours = load_alignment(shipped)
    with torch.no_grad():
        theirs = network.eval().encode_image(preprocess(image)[None], normalize=True)
    torch.testing.assert_close(embed_pictures(ours, picture[None] / 255), theirs)
    assert ours.distractors


def test_words_outside_the_training_say_nothing(checkpoint: Path) -> None:
    table = load_checkpoint(checkpoint, "alignment")["network"]["token_embedding.weight"]
    unseen, seen = Tokens(32)(["zebra", "t-shirt"])[:, 1]
    assert table[unseen].abs().max() == 0
    assert table[seen].abs().max() > 0


def test_measures_and_card_are_written(shipped: Path, dataset: Path) -> None:
    found = measure_alignment(shipped, dataset, shipped, report=silent)
    pairs = found["sharp"]["pairs"]
    assert pairs["top_colour"]["items"] == 40
    assert pairs["top_colour"]["values"] == 13
    assert {"bottom_colour", "hair_colour", "sex", "swapped colours", "hat added"} <= pairs.keys()
    assert json.loads((shipped / "measures.json").read_text()) == found
    card = write_alignment_card(shipped).read_text()
    assert f"| top colour | 40 | {pairs['top_colour']['pairs_right']:.0%} |" in card
    assert "144 pictures in 12 of 12 steps" in card


def test_too_few_people_are_not_measured(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 16"):
        measure_alignment(shipped, write_people(tmp_path / "few", 5), tmp_path, report=silent)


def test_a_texts_own_false_versions_and_other_pictures_are_its_contrast() -> None:
    wrong = torch.tensor([[False, True, True, True], [False, False, True, True]])
    cosines = torch.tensor([[0.9, 0.1, 0.2, 0.3], [0.9, 0.8, 0.1, 0.9]])
    loss, facts = contrast(cosines, wrong, torch.tensor(10.0), 1.0)
    # The first text is true of the second picture too: its cosine there must not matter.
    cosines[1, 0] = -1.0
    again, _ = contrast(cosines, wrong, torch.tensor(10.0), 1.0)
    torch.testing.assert_close(loss, again)
    # The second picture prefers its own false version.
    assert facts["own caption preferred"] == 0.5


def test_each_epoch_shows_every_picture_once() -> None:
    rows = torch.cat([rows_of_step(12, 4, 0, step) for step in range(3)])
    assert sorted(rows.tolist()) == list(range(12))
    assert rows_of_step(12, 4, 0, 3).tolist() != rows[:4].tolist()


def test_augmentation_keeps_colours_apart(dataset: Path) -> None:
    """A red top stays nearer to red than to blue, whatever is done to the picture."""
    data = load_pictures(dataset, 32, report=silent)
    rows = torch.tensor([i for i, a in enumerate(data.attributes) if a["top_colour"] == "red"])
    assert len(rows)
    for seed in range(4):
        images = augmented(data, rows, torch.Generator().manual_seed(seed))
        assert 0.0 <= float(images.min()) <= float(images.max()) <= 1.0
        chest = images[:, :, 10:16, 10:22].mean(dim=(2, 3))
        white = plain(data, rows.tolist())[:, :, 10:16, 10:22].mean(dim=(2, 3))
        assert (white[:, 0] > white[:, 2]).all()
        assert float((chest[:, 0] - chest[:, 2]).mean()) > 0.0


def test_pictures_are_put_on_white(dataset: Path) -> None:
    data = load_pictures(dataset, 32, report=silent)
    images = plain(data, range(len(data)))
    torch.testing.assert_close(images[:, :, 0, 0], torch.ones(40, 3))
    assert normalise(images).max() <= 1.0


def test_tokens_are_open_clips(dataset: Path) -> None:
    texts = ["A long-sleeved shirt, with a bob", "a middle-aged man " * 20, ""]
    assert torch.equal(Tokens(32)(texts), SimpleTokenizer(context_length=32)(texts))


def test_a_dataset_without_whole_people_is_refused(tmp_path: Path) -> None:
    folder = write_people(tmp_path, 4)
    with np.load(folder / "shard_0000.npz") as shard:
        arrays = dict(shard)
    arrays["framing"] = np.full(4, 2, np.uint8)
    np.savez(folder / "shard_0000.npz", **arrays)
    with pytest.raises(UserError, match="no whole person"):
        load_pictures(folder, 32, report=silent)
