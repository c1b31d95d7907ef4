"""Reference images are the prior's own samples: seeded, resumable, and they say what they are."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaussianmotion.comparisons.references import sample_references, sample_seed
from gaussianmotion.config import Config
from gaussianmotion.config.file import merge
from gaussianmotion.config.stages import ReferenceSettings
from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.guidance.prompts import with_words
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError

NAMES = ("00.png", "01.png")
PRIOR = {"model": "resources/prior", "controlnet": "resources/prior/controlnet"}
LAYER = {
    "prior": {**PRIOR, "dtype": "float32"},
    "reference": {"count": 2, "batch": 1, "steps": 1, "guidance_scale": 3.0},
}


def config_of(**reference: object) -> ReferenceSettings:
    return ReferenceSettings.model_validate(merge(LAYER, {"reference": reference}))


def sample(out: Path, config: ReferenceSettings) -> dict:
    path = sample_references("suit", "a man in a blue suit.", out, config)
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass
class Batches:
    """Batches that the real prior draws; one may be interrupted, as by Ctrl-C."""

    drawn: int = 0
    interrupt_at: int | None = None


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    counted = Batches()
    original = DiffusionPrior.sample

    def sample(self: DiffusionPrior, *args: object, **kwargs: object):
        if counted.drawn == counted.interrupt_at:
            raise KeyboardInterrupt
        counted.drawn += 1
        return original(self, *args, **kwargs)

    monkeypatch.setattr(DiffusionPrior, "sample", sample)
    return counted


def test_samples_of_the_shipped_prior(tmp_path: Path):
    facts = sample(tmp_path, config_of(batch=2, steps=2, pose="a", suffix="full body"))
    assert facts["model"] == "resources/prior"
    assert facts["revision"] is None
    assert facts["dtype"] == "float32"
    assert any(name.startswith("prior.controlnet/") for name in facts["weights_sha256"])
    assert [entry["id"] for entry in facts["samples"]] == ["00", "01"]
    back, front = facts["samples"]
    assert back["text"] == "a man in a blue suit, back view, full body"
    assert front["text"] == "a man in a blue suit, front view, full body"
    assert back["seed"] != front["seed"]
    for entry in facts["samples"]:
        assert file_sha256(tmp_path / entry["file"]) == entry["sha256"]
        with Image.open(tmp_path / entry["file"]) as image:
            pixels = np.asarray(image)
        assert pixels.shape == (128, 128, 3)
        assert pixels.std() > 5.0  # a picture, not one colour
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "00.png",
        "01.png",
        "reference.json",
    ]


def test_an_interrupted_call_goes_on_with_what_it_has(tmp_path: Path, batches: Batches):
    whole = sample(tmp_path / "whole", config_of())
    batches.drawn, batches.interrupt_at = 0, 1
    with pytest.raises(KeyboardInterrupt):
        sample(tmp_path / "cut", config_of())
    unfinished = tmp_path / "cut/unfinished"
    assert [path.name for path in unfinished.iterdir()] == ["00.png"]
    assert not (tmp_path / "cut/reference.json").exists()
    batches.interrupt_at = None
    resumed = sample(tmp_path / "cut", config_of())
    assert batches.drawn == 2
    assert resumed == whole
    assert not unfinished.exists()


def test_unfinished_samples_of_other_settings_or_damaged_ones_are_drawn_again(
    tmp_path: Path, batches: Batches
):
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    Image.new("RGB", (128, 128)).save(unfinished / "00.png")
    (unfinished / "01.png").write_bytes(b"\x89PNG half a file")
    (tmp_path / "07.png").write_bytes(b"of an earlier call with more samples")
    sample(tmp_path, config_of())
    assert batches.drawn == 2
    assert not (tmp_path / "07.png").exists()


def test_seeds_depend_on_prompt_and_index_alone():
    seeds = {sample_seed(0, prompt, index) for prompt in ("a", "b") for index in range(10)}
    assert len(seeds) == 20
    assert sample_seed(0, "a", 3) == sample_seed(0, "a", 3) != sample_seed(1, "a", 3)


def test_the_papers_references_are_the_prompt_as_it_is():
    assert with_words("A man in a suit. ", "", " ") == "A man in a suit"
    assert Config().reference.pose == "none"
    assert Config().reference.suffix == ""


def test_a_prior_that_is_not_here_is_one_line(tmp_path: Path):
    config = ReferenceSettings.model_validate(
        merge(LAYER, {"prior": {"model": str(tmp_path / "absent")}})
    )
    with pytest.raises(UserError, match=r"prior\.model"):
        sample(tmp_path / "out", config)
