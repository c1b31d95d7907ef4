"""Text alignment score: what it says of a picture and its prompt, and when it says nothing."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_checkpoints import write_clip, write_run

from gaussianmotion.config import Config
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.alignment_model import (
    AlignmentModel,
    fit,
    load_alignment,
    rivals,
)
from gaussianmotion.scores.pictures.alignment_score import SCORE
from gaussianmotion.scores.pictures.descriptions import Lexicon

SHIPPED = Path(__file__).resolve().parents[3] / "resources/alignment"
PROMPT = "a man in a blue suit"
LEXICON = Lexicon(
    person={"sex": {"man": ["man"], "woman": ["woman"]}, "age": {}, "build": {}},
    hair={"bob": ["bob"]},
    hair_colours={"red": ["red"], "black": ["black"], "grey": ["grey"]},
    colours={"red": ["red"], "blue": ["blue"], "black": ["black"], "green": ["green"]},
    garments={
        "suit": {"suit": ["suit"]}, "dress": {"dress": ["dress"]}, "top": {"shirt": ["shirt"]},
        "bottom": {"trousers": ["trousers"]}, "hat": {"fedora": ["hat"]},
    },
    plurals=["trousers"],
    vocabulary=["a", "man", "in", "blue", "suit"],
)  # fmt: skip
OTHERS = ["a woman in a red dress", "a man in a black shirt and red trousers", "a man", "a hat"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights."""
    folder = tmp_path_factory.mktemp("alignment")
    write_clip(folder).rename(folder / "open_clip_model.safetensors")
    (folder / "lexicon.json").write_text(json.dumps(asdict(LEXICON)))
    (folder / "distractors.txt").write_text("\n".join(OTHERS))
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", PROMPT, 1)


def config(folder: Path) -> Config:
    return Config.model_validate({"scores": {"alignment_model": str(folder)}})


def test_a_prompt_competes_with_itself_changed_in_one_thing() -> None:
    prompt = "a man in a red shirt and blue trousers"
    found = rivals(LEXICON, prompt)
    assert found.keys() == {"top_colour", "bottom_colour", "sex", "swapped_colours"}
    assert found["sex"] == ["a woman in a red shirt and blue trousers"]
    assert found["swapped_colours"] == ["a man in a blue shirt and red trousers"]
    assert len(found["top_colour"]) == 3


def test_a_run_is_scored_by_its_front_and_its_prompt(folder: Path, run: Path) -> None:
    found = SCORE(run, config(folder), "cpu")
    model = load_alignment(folder)
    with Image.open(run / "front.png") as image:
        cosines = model.cosines(image.convert("RGB"), [PROMPT, *OTHERS]).tolist()
    assert found.values["alignment"].value == pytest.approx(100 * cosines[0], abs=1e-4)
    # "a man" and "a hat" may be the same person: only the first two are other people.
    beaten = [cosine < cosines[0] for cosine in cosines[1:3]]
    assert found.values["rank"].value == pytest.approx(50.0 * sum(beaten))
    assert 0.0 <= found.values["contrast"].value <= 100.0
    assert found.details["contrast_by_change"].keys() == {"suit_colour", "sex"}  # type: ignore[attr-defined]
    assert (found.score, found.protocol, found.n) == ("alignment", "alignment-1", 1)
    assert found.model_digest == model.digest
    assert list(found.inputs) == ["front.png"]
    assert "CLIP" not in found.title


def test_the_same_picture_scores_the_same(folder: Path, run: Path) -> None:
    assert SCORE(run, config(folder), "cpu") == SCORE(run, config(folder), "cpu")


def test_a_prompt_that_is_not_understood_gets_no_number(folder: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "a viking in a blue kilt", 1)
    found = SCORE(run, config(folder), "cpu")
    assert (found.status, found.values) == ("too few", {})
    assert found.reason
    assert found.details["unknown_words"] == ["kilt", "viking"]


def test_what_the_model_does_not_read_is_said_and_counts_neither_way(
    folder: Path, tmp_path: Path
) -> None:
    """Its 77 tokens here; the shipped model has 32."""
    start = "a man in a blue suit" + " and very" * 34
    long = start + " with black trousers" * 3
    model = load_alignment(folder)
    read = model.read_part(long)
    assert long.startswith(read)
    assert not model.clip.is_cut(read)
    found = SCORE(write_run(tmp_path / "long", long, 1), config(folder), "cpu")
    short = SCORE(write_run(tmp_path / "short", read, 1), config(folder), "cpu")
    assert found.values == short.values
    assert found.details["contrast_by_change"] == short.details["contrast_by_change"]
    words = (len(read.split()), len(long.split()))
    note = f"only the first {words[0]} of the prompt's {words[1]} words are scored: the model reads"
    assert str(found.details["note"]).startswith(note)
    assert "note" not in short.details


def test_rivals_that_are_longer_are_read_to_their_end(folder: Path) -> None:
    model = load_alignment(folder)
    just = "a man in a blue suit" + " red" * 69
    assert not model.clip.is_cut(just)
    read = model.read_part(just)
    for versions in rivals(LEXICON, read).values():
        assert not [text for text in versions if model.clip.is_cut(text)]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda model: shutil.rmtree(model), "no text alignment model"),
        (lambda model: (model / "lexicon.json").unlink(), "lexicon.json missing"),
        (lambda model: (model / "lexicon.json").write_text("[]"), "missing or damaged"),
        (lambda model: (model / "distractors.txt").write_bytes(b"\xff\xfe"), "damaged"),
        (lambda model: (model / "open_clip_config.json").write_text("{}"), "damaged or no"),
        (
            lambda model: (model / "open_clip_model.safetensors").write_bytes(b"x" * 99),
            "truncated",
        ),
    ],
)  # fmt: skip
def test_a_missing_or_damaged_model_is_one_line(
    folder: Path, run: Path, tmp_path: Path, broken, message: str
) -> None:
    model = shutil.copytree(folder, tmp_path / "model")
    broken(model)
    with pytest.raises(UserError, match=message) as error:
        SCORE(run, config(model), "cpu")
    assert "\n" not in str(error.value)


def test_weights_of_another_network_are_refused(folder: Path, run: Path, tmp_path: Path) -> None:
    model = shutil.copytree(folder, tmp_path / "model")
    path = model / "open_clip_config.json"
    data = json.loads(path.read_text())
    data["model_cfg"]["text_cfg"]["layers"] += 1
    path.write_text(json.dumps(data))
    with pytest.raises(UserError, match="not a checkpoint of"):
        SCORE(run, config(model), "cpu")


def test_a_run_without_views_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no views\.json"):
        SCORE(tmp_path, config(folder), "cpu")


@pytest.fixture(scope="module")
def shipped() -> AlignmentModel:
    if not (SHIPPED / "open_clip_model.safetensors").is_file():
        pytest.skip("resources/alignment is not in this checkout")
    return load_alignment(SHIPPED)


def test_the_shipped_model_keeps_the_budget(shipped: AlignmentModel) -> None:
    size = sum(path.stat().st_size for path in SHIPPED.iterdir())
    assert size < 15e6
    assert len(shipped.distractors) > 100
    assert shipped.lexicon.unknown_words("a young man in a yellow t-shirt and blue jeans") == []


def test_the_shipped_model_tells_colours_of_true_renders(shipped: AlignmentModel) -> None:
    """Of people in ``true_renders/``: true renders that the training did not see."""
    folder = Path(__file__).parent / "true_renders"
    captions = json.loads((folder / "captions.json").read_text())
    shares = []
    for name, prompt in captions.items():
        with Image.open(folder / name) as image:
            values, _ = fit(shipped, image.convert("RGB"), prompt)
        shares.append((values["contrast"], values["rank"]))
    contrast, rank = np.mean(shares, axis=0)
    assert contrast > 75.0
    assert rank > 80.0
