"""CLIP score: open_clip's own cosine, from local weights, for prompts of any length."""

import json
import logging
from pathlib import Path

import open_clip
import pytest
import torch
from small_checkpoints import NETWORK, write_clip, write_picture, write_run

from gaussianmotion.config import Config
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.pictures import read_picture
from gaussianmotion.scores.pictures.clip_score import SCORE
from gaussianmotion.scores.pictures.prompt_scorers import ClipScorer

# open_clip would normalise pictures as OpenAI's without a word.
WITHOUT_PICTURES = json.dumps({"model_cfg": NETWORK})
PROMPTS = ["a man in a blue suit", "a woman in a red dress", "an old man in a green coat"]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A small checkpoint whose pictures are normalised unlike OpenAI's."""
    return write_clip(tmp_path / "weights", mean=0.3, std=0.4)


def test_the_score_is_that_of_open_clips_own_loader(tmp_path: Path) -> None:
    pictures = [write_picture(tmp_path / f"{i}.png", i, (60 + 9 * i, 64)) for i in range(3)]
    scores = []
    for sign in (1.0, -1.0):
        weights = write_clip(tmp_path / f"weights{sign}", mean=0.3, std=0.4, sign=sign)
        ours = ClipScorer(weights, "small", "test", "cpu").score(pictures, PROMPTS)
        name = f"local-dir:{weights.parent}"
        network, preprocess = open_clip.create_model_from_pretrained(name)
        tokenize = open_clip.get_tokenizer(name)
        with torch.no_grad():
            for picture, prompt, score in zip(pictures, PROMPTS, ours, strict=True):
                image = network.encode_image(preprocess(read_picture(picture))[None], True)
                text = network.encode_text(tokenize([prompt]), True)
                assert score == pytest.approx(100.0 * max(float(image @ text.T), 0.0), abs=1e-4)
        scores.extend(ours)
    assert min(scores) == 0.0
    assert max(scores) > 1.0


def test_a_long_prompt_is_cut_at_77_tokens_and_keeps_its_end(weights: Path) -> None:
    model = ClipScorer(weights, "small", "test", "cpu").model
    end = model.tokenizer.eot_token_id
    longest = "red " * 75
    for text, cut in ((longest, False), (longest + "dress", True), (longest * 3, True)):
        tokens = model.tokens([text])
        assert tokens.shape == (1, 77)
        assert tokens[0, -1] == end
        assert (tokens == end).sum() == 1
        assert model.is_cut(text) is cut


def test_a_network_that_computes_nan_gives_no_score(weights: Path, tmp_path: Path) -> None:
    scorer = ClipScorer(weights, "small", "test", "cpu")
    for parameter in scorer.model.network.parameters():
        parameter.data.mul_(float("nan"))
    picture = write_picture(tmp_path / "front.png", 0, (64, 64))
    with pytest.raises(UserError, match="computes NaN or infinity instead of numbers") as error:
        scorer.score([picture], PROMPTS[:1])
    assert str(error.value).startswith(str(weights))


def test_a_run_is_scored_by_its_front_and_its_prompt(weights: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", PROMPTS[0], 1)
    clip = {"source": str(weights), "file": weights.name, "sha256": None, "architecture": "small"}
    found = SCORE(run, Config.model_validate({"models": {"clip": clip}}), "cpu")
    scorer = ClipScorer(weights, "small", "test", "cpu")
    assert found.values["clip_score"].value == scorer.score([run / "front.png"], PROMPTS[:1])[0]
    assert found.protocol == "clip-1"
    assert found.model_digest == scorer.digest
    assert list(found.inputs) == ["front.png"]
    assert found.details["prompt"] == PROMPTS[0]


def test_a_prompt_that_is_cut_is_said_to_be(weights: Path, tmp_path: Path) -> None:
    clip = {"source": str(weights), "file": weights.name, "sha256": None, "architecture": "small"}
    config = Config.model_validate({"models": {"clip": clip}})
    found = SCORE(write_run(tmp_path / "run", "red " * 99, 1), config)
    assert found.details["prompt_cut"] is True
    assert "reads 77 tokens" in str(found.details["note"])


def test_the_message_about_random_weights_is_not_shown_and_logging_goes_on(
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ClipScorer(weights, "small", "test", "cpu")
    assert caplog.records == []
    logging.getLogger("after").warning("shown")
    assert [record.message for record in caplog.records] == ["shown"]


def test_weights_without_their_configuration_are_refused(weights: Path) -> None:
    (weights.parent / "open_clip_config.json").unlink()
    with pytest.raises(UserError, match=r"open_clip_config\.json not found: it says what network"):
        ClipScorer(weights, "small", "test", "cpu")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"model_cfg": 3}', '{"model_cfg": {"text_cfg": {}}}', WITHOUT_PICTURES]
)
def test_a_damaged_configuration_is_one_line(weights: Path, content: str) -> None:
    (weights.parent / "open_clip_config.json").write_text(content)
    with pytest.raises(UserError, match=r"open_clip_config\.json"):
        ClipScorer(weights, "small", "test", "cpu")


def test_a_damaged_picture_is_named(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UserError, match=r"broken\.png is damaged"):
        ClipScorer(weights, "small", "test", "cpu").score([tmp_path / "broken.png"], PROMPTS[:1])
