"""Training of the embedded prior: it learns, and it resumes exactly."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from prior_fakes import write_fakes

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior import train_autoencoder as ae
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint, save_checkpoint
from gaussianmotion.synthesis.prior.denoising import Timesteps, alpha_bars
from gaussianmotion.synthesis.prior.diffusion_loss import noise_weight
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings, Trainer, epoch_rows
from gaussianmotion.synthesis.prior.encoded_data import (
    EncodedData,
    encode_dataset,
    training_captions,
)
from gaussianmotion.synthesis.prior.networks import new_autoencoder
from gaussianmotion.synthesis.prior.optimiser import orthogonalise
from gaussianmotion.synthesis.prior.text_cache import cache_captions
from gaussianmotion.synthesis.prior.train import encode_once
from gaussianmotion.synthesis.prior.train_diffusion import learning_rate, train_diffusion

SMALL = {"block_out_channels": (32, 32, 32), "attention_head_dim": (1, 1, 1)}
SETTINGS = DiffusionSettings(batch=4, warmup=5, unet=SMALL, controlnet=SMALL)


def silent(_: str) -> None:
    """No progress lines."""


def fake_states(prompts: list[str]) -> torch.Tensor:
    """Token states that differ by prompt, without the text encoder."""
    return torch.stack(
        [torch.randn(6, 384, generator=torch.Generator().manual_seed(len(p))) for p in prompts]
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fakes(tmp_path_factory.mktemp("fakes"), count=24, per_shard=16)


@pytest.fixture(scope="module")
def data(dataset: Path) -> EncodedData:
    torch.manual_seed(0)
    cache = cache_captions(training_captions(dataset), fake_states)
    return encode_dataset(dataset, new_autoencoder().eval(), cache, report=silent)


def test_encoded_data_is_scaled_and_weighted(data: EncodedData) -> None:
    assert len(data) == 24
    assert data.latents.float().std().item() == pytest.approx(1.0, abs=0.01)
    torch.testing.assert_close(
        data.weights.float().mean(dim=(1, 2, 3)), torch.ones(24), atol=0.01, rtol=0
    )
    assert data.poses(torch.arange(2)).shape == (2, 3, 128, 128)


def test_person_weighs_more_than_empty_ground(data: EncodedData) -> None:
    weights = data.weights[0, 0].float()
    assert weights[0, 0] < 0.5 * weights.max()


def test_captions_are_cached_once_each_in_any_order() -> None:
    calls: list[str] = []

    def encoder(prompts: list[str]) -> torch.Tensor:
        calls.extend(prompts)
        return fake_states(prompts)

    cache = cache_captions(["b", "aaa", "b"], encoder)
    assert sorted(calls) == ["", "aaa", "b"]
    assert cache.lookup(["aaa", "b"]).tolist() == [1, 2]
    torch.testing.assert_close(cache.states[1].float(), fake_states(["aaa"])[0], atol=1e-2, rtol=0)


def test_autoencoder_learns_and_resumes_bit_for_bit(dataset: Path, tmp_path: Path) -> None:
    settings = ae.AutoencoderSettings(steps=8, batch=4, crop=32)
    lines: list[str] = []
    whole = ae.train_autoencoder(dataset, tmp_path / "whole", settings, report=lines.append)
    ae.train_autoencoder(dataset, tmp_path / "parts", settings, stop_after=3, report=silent)
    parts = ae.train_autoencoder(dataset, tmp_path / "parts", settings, report=silent)
    one, other = (load_checkpoint(path, ae.KIND)["network"] for path in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)
    images = ae.load_autoencoder(whole).decode(torch.zeros(2, 4, 8, 8)).sample
    assert images.shape == (2, 3, 32, 32)
    assert lines


def test_diffusion_overfits_a_few_items(data: EncodedData) -> None:
    trainer = Trainer(SETTINGS)
    losses = [trainer.advance(data, 1.0) for _ in range(24)]
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])


def test_every_weight_learns(data: EncodedData) -> None:
    """torch.compile once left the attention untrained, and the loss did not tell."""
    trainer = Trainer(SETTINGS)
    before = {name: p.detach().clone() for name, p in trainer.networks.named_parameters()}
    for _ in range(2):
        trainer.advance(data, 1.0)
    # Weight decay alone shrinks a weight, and rounding turns it by 1e-15; what learns turns more.
    # In float32 little: the time's part in a channel is nearly taken out by the norm behind it.
    still = [
        name
        for name, p in trainer.networks.named_parameters()
        if p.ndim >= 2 and _cosine(p, before[name]) > 1 - 1e-12
    ]
    assert still == []


def _cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return torch.cosine_similarity(
        a.detach().double().flatten(), b.double().flatten(), dim=0
    ).item()


def test_diffusion_resumes_bit_for_bit(data: EncodedData, tmp_path: Path) -> None:
    arguments = {"steps": 6, "tail": 2, "settings": SETTINGS, "report": silent}
    whole = train_diffusion(data, tmp_path / "whole", **arguments)
    train_diffusion(data, tmp_path / "parts", stop_after=3, **arguments)
    parts = train_diffusion(data, tmp_path / "parts", **arguments)
    one, other = (load_checkpoint(path, "diffusion") for path in (whole, parts))
    for kind in ("networks", "averages"):
        assert all(torch.equal(one[kind][name], other[kind][name]) for name in one[kind])


def test_a_finished_training_is_extended_from_before_its_tail(
    data: EncodedData, tmp_path: Path
) -> None:
    arguments = {"tail": 2, "settings": SETTINGS, "report": silent}
    done = train_diffusion(data, tmp_path / "done", steps=4, **arguments)
    before_tail = done.with_name("before_tail.pt")
    longer = {"steps": 6, "resume": before_tail, **arguments}
    other = replace(data, origin="another dataset")
    whole = train_diffusion(other, tmp_path / "whole", **longer)
    train_diffusion(other, tmp_path / "parts", stop_after=3, **longer)
    parts = train_diffusion(other, tmp_path / "parts", **longer)
    one, again = (load_checkpoint(path, "diffusion") for path in (whole, parts))
    assert one["step"] == again["step"] == 6
    assert all(torch.equal(one["averages"][n], again["averages"][n]) for n in one["averages"])
    # Neither does another training in the folder pass for the extended one, nor does nothing.
    with pytest.raises(UserError, match="did not begin from"):
        train_diffusion(data, tmp_path / "done", **longer)
    with pytest.raises(UserError, match="at step 2 already"):
        train_diffusion(data, tmp_path / "new", **{**longer, "steps": 2})


def test_foreign_trainings_are_refused_not_overwritten(
    data: EncodedData, dataset: Path, tmp_path: Path
) -> None:
    path = train_diffusion(data, tmp_path, steps=1, tail=0, settings=SETTINGS, report=silent)
    before = path.read_bytes()
    other = DiffusionSettings(batch=8, unet=SMALL, controlnet=SMALL)
    with pytest.raises(UserError, match=r"another training \(batch 4, now 8"):
        train_diffusion(data, tmp_path, steps=2, tail=0, settings=other, report=silent)
    retrained = replace(data, origin="another autoencoder")
    with pytest.raises(UserError, match=r"another training \(other data\)"):
        train_diffusion(retrained, tmp_path, steps=2, tail=0, settings=SETTINGS, report=silent)
    assert path.read_bytes() == before
    settings = ae.AutoencoderSettings(steps=1, batch=4, crop=32)
    path = ae.train_autoencoder(dataset, tmp_path, settings, report=silent)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"another training \(steps 1, now 2\)"):
        ae.train_autoencoder(dataset, tmp_path, replace(settings, steps=2), report=silent)
    assert path.read_bytes() == before


def test_latents_of_another_autoencoder_are_not_used(dataset: Path, tmp_path: Path) -> None:
    """Two autoencoders' checkpoints have one size: the content tells them apart."""
    path, cache = tmp_path / "autoencoder.pt", tmp_path / "encoded.pt"
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        save_checkpoint(path, ae.KIND, {"network": new_autoencoder().state_dict()})
        found.append(encode_once(dataset, path, cache, report=silent))
    assert torch.equal(found[0].latents, found[1].latents)
    assert not torch.equal(found[1].latents, found[2].latents)
    assert found[0].origin == found[1].origin != found[2].origin
    with pytest.raises(UserError, match="synthesis autoencoder` makes it"):
        encode_once(dataset, tmp_path / "none.pt", cache, report=silent)


def test_too_little_data_is_refused(data: EncodedData, tmp_path: Path) -> None:
    settings = DiffusionSettings(batch=64, unet=SMALL, controlnet=SMALL)
    with pytest.raises(UserError, match="fewer than a batch"):
        train_diffusion(data, tmp_path, steps=1, tail=0, settings=settings, report=silent)


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "diffusion.pt"
    with pytest.raises(UserError, match="not found"):
        load_checkpoint(path, "diffusion")
    path.write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(UserError, match="damaged"):
        load_checkpoint(path, "diffusion")
    save_checkpoint(path, "autoencoder", {"step": 1})
    with pytest.raises(UserError, match="not a checkpoint of the diffusion"):
        load_checkpoint(path, "diffusion")


def test_timesteps_are_drawn_as_stated_and_weighted_by_sigma() -> None:
    sampler = Timesteps(noise_weight)
    drawn = torch.cat([sampler.draw(64, torch.Generator().manual_seed(i)) for i in range(200)])
    counts = torch.bincount(drawn, minlength=1000).float() / len(drawn)
    torch.testing.assert_close(
        counts.reshape(10, 100).sum(1), sampler.density.reshape(10, 100).sum(1), atol=0.01, rtol=0
    )
    # Density times factor is sigma up to a constant.
    sigma = ((1 - alpha_bars()) / alpha_bars()).sqrt()
    ratio = sampler.density * sampler.factor / sigma
    torch.testing.assert_close(ratio, ratio[0].expand_as(ratio), rtol=1e-4, atol=0)


def test_orthogonalise_levels_the_singular_values() -> None:
    matrices = torch.randn(2, 24, 96, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrices, steps=5))
    assert values.min() > 0.5
    assert values.max() < 1.5


def test_learning_rate_rises_stays_and_falls_to_zero() -> None:
    settings = DiffusionSettings(warmup=10)
    rates = [learning_rate(step, 100, 20, settings) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10] == rates[80] == 1.0
    assert rates[90] == pytest.approx(0.5)
    assert rates[100] == 0.0


def test_an_epoch_shows_every_item_once() -> None:
    rows = torch.cat([epoch_rows(12, 4, step, seed=0) for step in range(3)])
    assert sorted(rows.tolist()) == list(range(12))
    assert not torch.equal(rows, torch.cat([epoch_rows(12, 4, step, seed=0) for step in (3, 4, 5)]))
