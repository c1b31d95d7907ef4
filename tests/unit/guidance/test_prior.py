"""One class for both kinds of prior: shapes, gradients, and that text, pose and time are heard."""

import pytest
import torch
from tiny_priors import prior_config
from torch import Tensor

from gaussianmotion.guidance.prior import DiffusionPrior, load_prior, network_dtype, precision

SIZE = 64


def inputs(prior: DiffusionPrior, count: int = 2, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy latents, timesteps and pose images."""
    generator = torch.Generator().manual_seed(seed)
    side = prior.latent_size(SIZE)
    latents = torch.randn(count, 4, side, side, generator=generator)
    timesteps = torch.randint(20, 980, (count,), generator=generator)
    return latents, timesteps, torch.rand(count, 3, SIZE, SIZE, generator=generator)


def test_sizes_follow_the_autoencoder(embedded, stable_diffusion):
    assert (embedded.downscale, stable_diffusion.downscale) == (4, 8)
    assert (embedded.latent_size(128), stable_diffusion.latent_size(512)) == (32, 64)


def test_pictures_become_scaled_latents_and_gradients_flow_back(prior: DiffusionPrior):
    rgb = torch.rand(2, 3, SIZE, SIZE, requires_grad=True)
    latents = prior.encode_image(rgb)
    assert latents.shape == (2, 4, prior.latent_size(SIZE), prior.latent_size(SIZE))
    assert latents.dtype == torch.float32
    latents.square().sum().backward()
    assert rgb.grad is not None
    assert torch.isfinite(rgb.grad).all()
    assert (rgb.grad.abs().amax(dim=(2, 3)) > 0).all()


def test_the_gradient_of_the_encoder_is_that_of_finite_differences(prior: DiffusionPrior):
    generator = torch.Generator().manual_seed(3)
    rgb = (0.25 + 0.5 * torch.rand(1, 3, SIZE, SIZE, generator=generator)).requires_grad_()
    probe = torch.randn(prior.encode_image(rgb).shape, generator=generator)
    (prior.encode_image(rgb) * probe).sum().backward()
    # Along the gradient itself, where rounding and the kinks of ReLU matter least.
    direction, step = rgb.grad / rgb.grad.norm(), 0.03
    with torch.no_grad():
        ends = [prior.encode_image(rgb + sign * step * direction) for sign in (1.0, -1.0)]
        slope = ((ends[0] - ends[1]) * probe).sum() / (2.0 * step)
    torch.testing.assert_close(rgb.grad.norm(), slope, rtol=2e-2, atol=0.0)


def test_encoding_scales_by_the_autoencoders_factor(embedded, stable_diffusion):
    rgb = torch.rand(1, 3, SIZE, SIZE)
    raw = embedded._vae.encode(2.0 * rgb - 1.0).latents
    torch.testing.assert_close(embedded.encode_image(rgb), 0.8 * raw)
    mode = stable_diffusion._vae.encode(2.0 * rgb - 1.0).latent_dist.mode()
    torch.testing.assert_close(stable_diffusion.encode_image(rgb), 0.18215 * mode)


def test_decoding_undoes_the_scaling(prior: DiffusionPrior):
    latents = torch.randn(1, 4, 8, 8)
    raw = latents / prior._vae.config.scaling_factor
    image = (0.5 * prior._vae.decode(raw).sample + 0.5).clamp(0.0, 1.0)
    torch.testing.assert_close(prior.decode(latents), image)


def test_no_weight_learns(prior: DiffusionPrior):
    for network in (prior._vae, prior._unet, prior._controlnet):
        assert not network.training
        assert not any(p.requires_grad for p in network.parameters())


def test_noise_depends_on_text_pose_and_time(prior: DiffusionPrior):
    latents, timesteps, pose = inputs(prior)
    text, other_text = prior.encode_text(["a man", "a man"]), prior.encode_text(["a red suit"] * 2)
    noise = prior.predict_noise(latents, timesteps, text, pose)
    assert noise.shape == latents.shape
    assert noise.dtype == torch.float32
    assert torch.equal(noise, prior.predict_noise(latents, timesteps, text, pose))
    for changed in (
        prior.predict_noise(latents, timesteps, other_text, pose),
        prior.predict_noise(latents, timesteps, text, pose.flip(-1)),
        prior.predict_noise(latents, timesteps, text, None),
        prior.predict_noise(latents, 999 - timesteps, text, pose),
    ):
        assert (changed - noise).abs().amax(dim=(1, 2, 3)).min() > 1e-4


@pytest.mark.parametrize("with_pose", [True, False])
@pytest.mark.parametrize("branches", [1, 2, 3])
def test_branches_in_one_batch_equal_separate_calls(
    prior: DiffusionPrior, branches: int, with_pose: bool
):
    latents, timesteps, pose = inputs(prior, count=3)
    condition = pose if with_pose else None
    texts = [
        prior.encode_text([prompt] * 3) for prompt in ("", "a man in red", "blurry")[:branches]
    ]
    together = prior.predict_noise(latents, timesteps, torch.cat(texts), condition)
    alone = torch.cat([prior.predict_noise(latents, timesteps, t, condition) for t in texts])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_sample_does_not_depend_on_its_neighbours(prior: DiffusionPrior):
    latents, timesteps, pose = inputs(prior, count=3)
    text = prior.encode_text(["", "a man", "a suit"])
    together = prior.predict_noise(latents, timesteps, text, pose)
    for i in range(3):
        one = slice(i, i + 1)
        alone = prior.predict_noise(latents[one], timesteps[one], text[one], pose[one])
        torch.testing.assert_close(alone, together[one], rtol=1e-4, atol=1e-5)


def test_a_controlnet_without_text_runs_once_for_all_branches(embedded, monkeypatch):
    latents, timesteps, pose = inputs(embedded, count=2)
    sizes = []
    forward = embedded._controlnet.forward
    monkeypatch.setattr(
        embedded._controlnet,
        "forward",
        lambda x, *args, **kwargs: sizes.append(len(x)) or forward(x, *args, **kwargs),
    )
    embedded.predict_noise(latents, timesteps, embedded.encode_text(["", "", "a", "a"]), pose)
    assert sizes == [2]


def test_noise_is_added_as_the_schedule_says(prior: DiffusionPrior):
    latents, _, _ = inputs(prior)
    noise = torch.randn_like(latents)
    noisy = prior.add_noise(latents, noise, torch.tensor([0, 999]))
    a = prior.alpha_bar[999].item()
    torch.testing.assert_close(noisy[1], a**0.5 * latents[1] + (1.0 - a) ** 0.5 * noise[1])
    assert (noisy[0] - latents[0]).abs().max() < 0.2  # alpha_bar(0) = 1 - 0.00085


def test_the_schedule_is_stable_diffusions(prior: DiffusionPrior):
    # The first and last values of diffusers' scaled-linear schedule for these betas.
    assert prior.alpha_bar.shape == (1000,)
    ends = torch.stack([prior.alpha_bar[0], prior.alpha_bar[999]])
    torch.testing.assert_close(ends, torch.tensor([0.99915, 0.0046600]), rtol=1e-4, atol=0.0)


@pytest.mark.parametrize("kind", ["embedded_folder", "stable_diffusion_folder"])
def test_half_precision_keeps_float32_outside_and_at_the_last_layer(
    kind: str, request: pytest.FixtureRequest
):
    folder = request.getfixturevalue(kind)
    half = load_prior(prior_config(folder, "bfloat16"), "cpu")
    if half.dtype != torch.bfloat16:
        pytest.skip("this processor does not multiply bfloat16")
    full = load_prior(prior_config(folder, "float32"), "cpu")
    latents, timesteps, pose = inputs(half)
    text = half.encode_text(["a man", "a suit"])
    assert half._unet.conv_out.weight.dtype == torch.float32
    assert half._unet.conv_in.weight.dtype == torch.bfloat16
    noise = half.predict_noise(latents, timesteps, text, pose)
    assert noise.dtype == torch.float32
    expected = full.predict_noise(latents, timesteps, text, pose)
    assert (noise - expected).square().mean().sqrt() < 0.02 * expected.square().mean().sqrt()
    # bfloat16 has 8 bits: a rounded output would keep at most 256 values per binade.
    assert (noise != noise.bfloat16().float()).float().mean() > 0.9


def test_a_cpu_never_computes_in_float16():
    cpu = torch.device("cpu")
    assert network_dtype("float32", cpu) == torch.float32
    assert network_dtype("float16", cpu) in (torch.bfloat16, torch.float32)
    assert network_dtype("float16", torch.device("cuda")) == torch.float16
    assert network_dtype("bfloat16", torch.device("cuda")) == torch.bfloat16


def test_what_is_written_down_is_the_precision_that_is_used(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx2": True})
    assert precision("float16", cpu) == "float32"
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": True})
    assert precision("float16", cpu) == "bfloat16"
    assert precision("float16", torch.device("cuda")) == "float16"
