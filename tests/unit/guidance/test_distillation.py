"""Score distillation: the gradient that reaches the latents, branch by branch."""

import pytest
import torch
from torch import Tensor

from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.config import DistillationConfig, PriorConfig
from gaussianmotion.guidance import scores
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.inversion import invert, move, noise_between
from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.guidance.sampling import ddim, guided
from gaussianmotion.guidance.timesteps import sample_timesteps

SIZE, BATCH = 64, 3
PROMPT = "a man in a red suit"
FRAMED = ("front view, full body", "side view, upper body", "back view, head shot")
PRIOR_CONFIG = PriorConfig(negative_prompt="a blue suit")


def views() -> Cameras:
    return orbit(
        azimuth=torch.tensor([0.0, 90.0, 180.0]),
        elevation=torch.zeros(BATCH),
        distance=torch.full((BATCH,), 3.0),
        fov_y=torch.full((BATCH,), 50.0),
        target=torch.zeros(BATCH, 3),
        size=SIZE,
        framing=("full body", "upper body", "head"),
    )


def pictures(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Rendered pictures (B, H, W, 3) and pose images (B, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    rgb = torch.rand(BATCH, SIZE, SIZE, 3, generator=generator)
    return rgb, torch.rand(BATCH, 3, SIZE, SIZE, generator=generator)


class Recorder:
    """A prior that passes everything on, and keeps the latents and what it was asked."""

    def __init__(self, prior: DiffusionPrior) -> None:
        self.prior = prior
        self.alpha_bar, self.dtype = prior.alpha_bar, prior.dtype
        self.condition_channels, self.latent_limit = prior.condition_channels, None
        self.encoded: list[str] = []
        self.calls: list[tuple[int, int]] = []

    def encode_image(self, rgb: Tensor) -> Tensor:
        self.latents = self.prior.encode_image(rgb)
        self.latents.retain_grad()
        return self.latents

    def encode_text(self, prompts: list[str]) -> Tensor:
        self.encoded += prompts
        return self.prior.encode_text(prompts)

    def add_noise(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        return self.prior.add_noise(latents, noise, timesteps)

    def predict_noise(self, latents, timesteps, text, pose_image=None):
        self.calls.append((len(latents), len(text)))
        return self.prior.predict_noise(latents, timesteps, text, pose_image)


def run(prior, config: DistillationConfig, seed: int = 7, step: int = 0, pose: bool = True):
    rgb, pose_image = pictures()
    rgb.requires_grad_()
    recorder = Recorder(prior)
    distil = ScoreDistillation(recorder, config, PRIOR_CONFIG, PROMPT)
    loss, stats = distil(
        rgb, views(), pose_image if pose else None, step, 100, torch.Generator().manual_seed(seed)
    )
    loss.backward()
    return recorder, rgb.grad, loss, stats


@pytest.mark.parametrize("method", ["asd", "sds", "csd", "nfsd"])
@pytest.mark.parametrize("weighting", ["one", "one_minus_alpha_bar"])
def test_the_latents_gradient_is_the_weighted_score_over_the_batch(
    prior: DiffusionPrior, method, weighting
):
    config = DistillationConfig(method=method, guidance_scale=7.5, weighting=weighting)
    recorder, _, _, _ = run(prior, config)

    # The same by hand, one branch at a time.
    generator = torch.Generator().manual_seed(7)
    rgb, pose = pictures()
    latents = prior.encode_image(rgb.permute(0, 3, 1, 2))
    t = sample_timesteps(0, 100, BATCH, config, generator)
    noise = torch.randn(latents.shape, generator=generator)
    noisy = prior.add_noise(latents, noise, t)
    prompts = [f"{PROMPT}, {words}" for words in FRAMED]
    text, null, negative = (
        prior.predict_noise(noisy, t, prior.encode_text(branch), pose)
        for branch in (prompts, [""] * 3, ["a blue suit"] * 3)
    )
    delta = {
        "asd": scores.asd(text, null, noise, t, 7.5, config.tau),
        "sds": scores.sds(text, null, noise, 7.5),
        "csd": scores.csd(text, null, 7.5),
        "nfsd": scores.nfsd(text, null, negative, t, 7.5),
    }[method]
    expected = scores.weight(prior.alpha_bar, t, weighting) * delta / BATCH
    torch.testing.assert_close(recorder.latents.grad, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", ["sdi", "ism"])
def test_inverted_noise_takes_the_place_of_drawn_noise(prior: DiffusionPrior, method):
    config = DistillationConfig(method=method, guidance_scale=7.5, inversion_steps=2)
    recorder, _, _, _ = run(prior, config)

    rgb, pose = pictures()
    latents = prior.encode_image(rgb.permute(0, 3, 1, 2))
    t = sample_timesteps(0, 100, BATCH, config, torch.Generator().manual_seed(7))
    prompts = [f"{PROMPT}, {words}" for words in FRAMED]
    null, full = prior.encode_text([""] * BATCH), prior.encode_text(prompts)
    both = torch.cat([null, full])
    if method == "sdi":
        noisy = invert(
            lambda x, t: guided(*prior.predict_noise(x, t, both, pose).chunk(2), -7.5),
            *(prior.alpha_bar, latents, t, 2),
        )
        noise = noise_between(latents, noisy, prior.alpha_bar[t])
    else:
        earlier = (t - 50).clamp(min=0)
        before = invert(
            lambda x, t: prior.predict_noise(x, t, null, pose), prior.alpha_bar, latents, earlier, 2
        )
        noise = prior.predict_noise(before, earlier, null, pose)
        noisy = move(before, noise, prior.alpha_bar[earlier], prior.alpha_bar[t])
    without, text = prior.predict_noise(noisy, t, both, pose).chunk(2)
    expected = scores.sds(text, without, noise, 7.5) / BATCH
    torch.testing.assert_close(recorder.latents.grad, expected, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("method", "calls"),
    [("sdi", [(BATCH, 2 * BATCH)] * 4), ("ism", [(BATCH, BATCH)] * 4 + [(BATCH, 2 * BATCH)])],
)
def test_inversion_asks_the_prior_as_often_as_it_says(embedded: DiffusionPrior, method, calls):
    recorder, _, _, _ = run(embedded, DistillationConfig(method=method, inversion_steps=3))
    assert recorder.calls == calls


def test_late_pictures_of_one_step_are_sds_and_of_more_are_ddims(prior: DiffusionPrior):
    keys = {"late_method": "sdedit", "anneal_at": 0.0, "late_scale": 3.0}
    one = DistillationConfig(**keys, late_steps=1)
    recorder, _, _, stats = run(prior, one)
    sds = run(prior, DistillationConfig(method="sds", guidance_scale=3.0, anneal_at=0.0))[0]
    expected = sds.latents.grad
    torch.testing.assert_close(recorder.latents.grad, expected, rtol=2e-3, atol=1e-3)
    assert set(stats) == {"timestep", "grad_rms"}

    recorder, _, _, _ = run(prior, DistillationConfig(**keys, late_steps=3))
    assert recorder.calls == [(BATCH, 2 * BATCH)] * 3
    rgb, pose = pictures()
    generator = torch.Generator().manual_seed(7)
    latents = prior.encode_image(rgb.permute(0, 3, 1, 2))
    t = sample_timesteps(0, 100, BATCH, one, generator)
    noisy = prior.add_noise(latents, torch.randn(latents.shape, generator=generator), t)
    text = [
        *prior.encode_text([""] * BATCH),
        *prior.encode_text([f"{PROMPT}, {w}" for w in FRAMED]),
    ]
    for i in range(BATCH):  # one at a time, by the sampler that draws whole pictures
        branches, start = torch.stack([text[i], text[BATCH + i]]), int(t[i])
        clean = ddim(
            lambda x, t, b=branches, i=i: guided(
                *prior.predict_noise(x, t, b, pose[i : i + 1]).chunk(2), 3.0
            ),
            *(prior.alpha_bar, noisy[i : i + 1], [start, start * 2 // 3, start // 3]),
        )
        level = prior.alpha_bar[start]
        delta = (level / (1.0 - level)).sqrt() * (latents[i] - clean[0])
        torch.testing.assert_close(
            recorder.latents.grad[i], delta.detach() / BATCH, rtol=5e-3, atol=2e-3
        )


def test_views_that_are_looked_at_again_keep_their_pictures(embedded: DiffusionPrior):
    config = DistillationConfig(late_method="sdedit", anneal_at=0.0, late_steps=2)
    recorder = Recorder(embedded)
    distil = ScoreDistillation(recorder, config, PRIOR_CONFIG, PROMPT)
    rgb, pose = pictures()
    generator = torch.Generator().manual_seed(0)
    losses = [
        distil(rgb.requires_grad_(), views(), pose, step, 9, generator, again)[0].item()
        for step, again in enumerate([False, True, True, False])
    ]
    assert len(recorder.calls) == 2 * 2
    assert losses[0] == losses[1] == losses[2] != losses[3]


@pytest.mark.parametrize(("method", "branches"), [("asd", 2), ("sds", 2), ("csd", 2), ("nfsd", 3)])
def test_only_the_branches_that_a_method_needs_run_and_in_one_batch(
    embedded: DiffusionPrior, method, branches: int
):
    recorder, _, _, _ = run(embedded, DistillationConfig(method=method))
    assert recorder.calls == [(BATCH, branches * BATCH)]


def test_gradients_reach_the_pixels_of_every_view(prior: DiffusionPrior):
    _, gradient, loss, _ = run(prior, DistillationConfig())
    assert loss.shape == ()
    assert torch.isfinite(gradient).all()
    assert (gradient.abs().amax(dim=(1, 2, 3)) > 0).all()


def test_a_seed_decides_the_gradient(prior: DiffusionPrior):
    first = run(prior, DistillationConfig(), seed=1)[1]
    assert torch.equal(first, run(prior, DistillationConfig(), seed=1)[1])
    assert not torch.equal(first, run(prior, DistillationConfig(), seed=2)[1])


def test_the_pose_image_changes_the_gradient(prior: DiffusionPrior):
    with_pose = run(prior, DistillationConfig(method="csd"))[1]
    without = run(prior, DistillationConfig(method="csd"), pose=False)[1]
    assert (with_pose - without).abs().max() > 1e-6


def test_every_prompt_is_encoded_once_in_a_training(embedded: DiffusionPrior):
    recorder = Recorder(embedded)
    distil = ScoreDistillation(recorder, DistillationConfig(), PRIOR_CONFIG, PROMPT)
    rgb, pose = pictures()
    generator = torch.Generator().manual_seed(0)
    for step in range(3):
        distil(rgb.requires_grad_(), views(), pose, step, 3, generator)
    assert len(recorder.encoded) == len(set(recorder.encoded)) == 4  # Three views and the empty.


def test_what_is_plotted_is_what_was_computed(embedded: DiffusionPrior):
    config = DistillationConfig(method="sds", guidance_scale=7.5)
    recorder, _, loss, stats = run(embedded, config)
    assert set(stats) == {"timestep", "grad_rms", "delta_c_rms", "delta_n_rms"}
    gradient = BATCH * recorder.latents.grad
    assert stats["grad_rms"] == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-4)
    assert loss.item() == pytest.approx(0.5 * gradient.square().sum().item() / BATCH, rel=1e-3)
    assert config.t_min <= stats["timestep"] <= config.t_max
    assert stats["delta_c_rms"] > 0.0
