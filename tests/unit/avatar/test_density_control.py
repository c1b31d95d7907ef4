"""Density control: what grows, what goes, and what follows along."""

import copy

import pytest
import torch

from gaussianmotion.avatar.density import DensityChange, DensityControl
from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS
from gaussianmotion.avatar.outside import on_the_skin
from gaussianmotion.body.clothing import smooth_weights
from gaussianmotion.config import DensityConfig, LearningRates
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.training.optimiser import make_optimiser

COUNT = 200


@pytest.fixture
def optimiser(avatar, open_body):
    """Adam after one step, so that it has moments."""
    made = make_optimiser(avatar, LearningRates())
    loss = sum(
        (p * torch.linspace(1, 2, p.numel()).view(p.shape)).sum() for p in avatar.parameters()
    )
    loss.backward()
    made.step()
    avatar.refresh_smpl_weights(open_body)
    return made


def control(gradient=None, steps=100, tentative=0, **keys):
    """Density control that has seen every Gaussian once, with the given gradients."""
    settings = {"every": 10, "start": 0.0, "stop": 1.0, "grow_quantile": 1.0, "prune_opacity": 0.0}
    config = DensityConfig(**(settings | {"prune_scale": 10.0} | keys))
    made = DensityControl(config, steps, COUNT, tentative=tentative)
    made.gradient = torch.linspace(0, 1, COUNT) if gradient is None else gradient
    made.seen = torch.ones(COUNT)
    return made


def update(density, avatar, optimiser, body, step=10):
    return density.update(step, avatar, optimiser, body, torch.Generator().manual_seed(5))


def moments(optimiser):
    """First moments by field."""
    return {
        group["name"]: optimiser.state[group["params"][0]]["exp_avg"]
        for group in optimiser.param_groups
    }


def test_the_gradients_above_the_quantile_grow(avatar, optimiser, open_body):
    density = control(grow_quantile=0.9, grow_scale=10.0)
    before = avatar.means.detach().clone()
    assert update(density, avatar, optimiser, open_body) == DensityChange(20, 0, 0)
    assert len(avatar) == COUNT + 20
    assert torch.equal(avatar.means[:COUNT], before)
    # Clones lie within their parents, the strongest first.
    distance = (avatar.means[COUNT:] - before.flip(0)[:20]).norm(dim=1)
    assert (distance < 5 * avatar.scales[COUNT:].amax(dim=1)).all()


def test_gradients_of_any_size_grow_the_same(avatar, optimiser, open_body):
    density = control(1e6 * torch.linspace(0, 1, COUNT), grow_quantile=0.9, grow_scale=10.0)
    assert update(density, avatar, optimiser, open_body).cloned == 20


def test_large_gaussians_are_split_and_halves_are_smaller(avatar, optimiser, open_body):
    before = avatar.scales.detach().clone()
    density = control(grow_quantile=0.9, grow_scale=1e-5)
    assert update(density, avatar, optimiser, open_body) == DensityChange(0, 20, 0)
    assert len(avatar) == COUNT + 20
    halves = avatar.scales[COUNT - 20 :]
    assert torch.allclose(halves, before.flip(0)[:20].repeat(2, 1) / 1.6, rtol=1e-5)


def test_the_quantile_one_grows_nothing(avatar, optimiser, open_body):
    assert update(control(), avatar, optimiser, open_body) == DensityChange(0, 0, 0)


def test_growth_ends_at_the_limit_with_the_strongest(avatar, optimiser, open_body):
    before = avatar.colours.detach().clone()
    density = control(grow_quantile=0.5, grow_scale=10.0, max_gaussians=COUNT + 3)
    assert update(density, avatar, optimiser, open_body).cloned == 3
    assert torch.equal(avatar.colours[COUNT:], before.flip(0)[:3])


def test_gaussians_never_seen_do_not_count(avatar, optimiser, open_body):
    density = control(grow_quantile=0.9, grow_scale=10.0)
    density.seen[100:] = 0.0
    before = avatar.colours.detach().clone()
    assert update(density, avatar, optimiser, open_body).cloned == 10
    assert torch.equal(avatar.colours[COUNT:], before[90:100].flip(0))


def test_faint_and_large_gaussians_are_removed(avatar, optimiser, open_body):
    with torch.no_grad():
        avatar.logit_opacities[:7] = -9.0
        avatar.log_scales[10:15] = 1.0
    kept = torch.cat([avatar.means[7:10], avatar.means[15:]]).detach().clone()
    density = control(prune_opacity=0.01, prune_scale=0.5)
    assert update(density, avatar, optimiser, open_body) == DensityChange(0, 0, 12)
    assert torch.equal(avatar.means, kept)


def test_thresholds_that_remove_everything_are_refused(avatar, optimiser, open_body):
    density = control(prune_scale=1e-6)
    with pytest.raises(UserError, match=r"train\.density\.prune_scale"):
        update(density, avatar, optimiser, open_body)
    assert len(avatar) == COUNT


def test_optimiser_state_follows_its_gaussians(avatar, optimiser, open_body):
    before = {name: moment.clone() for name, moment in moments(optimiser).items()}
    with torch.no_grad():
        avatar.logit_opacities[:7] = -9.0
    density = control(grow_quantile=0.9, grow_scale=10.0, prune_opacity=0.01)
    update(density, avatar, optimiser, open_body)
    for name in GAUSSIAN_FIELDS:
        moment = moments(optimiser)[name]
        assert moment.shape == getattr(avatar, name).shape
        assert torch.equal(moment[: COUNT - 7], before[name][7:]), name
        assert not moment[COUNT - 7 :].any(), name
    assert torch.equal(moments(optimiser)["skinning"], before["skinning"])
    assert len(optimiser.state) == len(list(avatar.parameters()))


def first_step(avatar, optimiser, body, **keys):
    """How far new Gaussians move in their first step, over how far the old ones do."""
    density = control(grow_quantile=0.9, grow_scale=10.0, **keys)
    update(density, avatar, optimiser, body)
    before = avatar.colours.detach().clone()
    optimiser.zero_grad()
    # A steady gradient, as of each step before.
    avatar.colours.grad = torch.full_like(avatar.colours, 1.5)
    optimiser.step()
    moved = (avatar.colours.detach() - before).abs().mean(dim=1)
    return float(moved[COUNT:].mean() / moved[:COUNT].mean())


def test_new_gaussians_step_as_their_parents_where_they_take_over_their_moments(avatar, open_body):
    ratios = {}
    for start in ("zero", "parent"):
        grown = copy.deepcopy(avatar)
        optimiser = make_optimiser(grown, LearningRates())
        for _ in range(300):
            grown.colours.grad = torch.full_like(grown.colours, 1.5)
            optimiser.step()
        ratios[start] = first_step(grown, optimiser, open_body, moments=start)
    assert ratios["parent"] == pytest.approx(1.0, rel=1e-3)
    assert ratios["zero"] > 1.5  # up to 3.2 after more steps


def test_training_goes_on_with_the_new_gaussians(avatar, optimiser, open_body):
    update(control(grow_quantile=0.5, grow_scale=10.0), avatar, optimiser, open_body)
    before = avatar.colours.detach().clone()
    optimiser.zero_grad()
    sum(parameter.sum() for parameter in avatar.parameters()).backward()
    optimiser.step()
    assert (avatar.colours != before).all()


def test_smpl_weights_follow(avatar, optimiser, open_body):
    density = control(grow_quantile=0.5, grow_scale=1e-5)
    update(density, avatar, optimiser, open_body)
    assert torch.equal(avatar.smpl_weights, open_body.nearest_weights(avatar.means.detach()))


def test_smpl_weights_of_new_ones_are_as_smooth_as_the_others(avatar, optimiser, open_body):
    with torch.no_grad():
        avatar.means[:, 0] *= 0.1  # between the legs
    density = control(grow_quantile=0.5, grow_scale=1e-5)
    density.smooth_weights = True
    update(density, avatar, optimiser, open_body)
    new = smooth_weights(open_body, avatar.means)[-10:]
    assert not torch.equal(new, open_body.nearest_weights(avatar.means.detach())[-10:])
    assert torch.equal(avatar.smpl_weights[-10:], new)


def test_an_update_starts_the_next_measurement(avatar, optimiser, open_body):
    density = control(grow_quantile=0.5, grow_scale=10.0)
    update(density, avatar, optimiser, open_body)
    assert density.gradient.shape == density.seen.shape == (len(avatar),)
    assert not density.gradient.any()
    assert not density.seen.any()


@pytest.mark.parametrize(
    ("step", "keys"),
    [
        (11, {}),
        (10, {"enabled": False}),
        (10, {"start": 0.2}),
        (100, {}),
        (60, {"prune_stop": 0.5}),
    ],
)
def test_nothing_happens_out_of_schedule(avatar, optimiser, open_body, step, keys):
    density = control(grow_quantile=0.5, **keys)
    assert update(density, avatar, optimiser, open_body, step) is None
    assert len(avatar) == COUNT


def test_after_the_end_of_growth_only_pruning_goes_on(avatar, optimiser, open_body):
    with torch.no_grad():
        avatar.logit_opacities[:7] = -9.0
    density = control(grow_quantile=0.5, stop=0.5, prune_opacity=0.01)
    assert update(density, avatar, optimiser, open_body, 60) == DensityChange(0, 0, 7)


def test_a_generator_decides_where_new_gaussians_are(avatar, open_body, optimiser):
    twin, twin_density = copy.deepcopy(avatar), control(grow_quantile=0.5)
    update(control(grow_quantile=0.5), avatar, optimiser, open_body)
    update(twin_density, twin, make_optimiser(twin, LearningRates()), open_body)
    assert torch.equal(avatar.means, twin.means)


def test_observation_counts_drawn_gaussians_only():
    density = DensityControl(DensityConfig(), 100, 3)
    means2d = torch.zeros(2, 3, 2, requires_grad=True)
    means2d.grad = torch.tensor([[[3.0, 4.0], [1.0, 0.0], [9.0, 9.0]]]).repeat(2, 1, 1)
    radii = torch.tensor([[[2, 2], [1, 1], [0, 0]], [[2, 2], [0, 0], [0, 0]]], dtype=torch.int32)
    density.observe({"means2d": means2d, "radii": radii})
    assert density.gradient.tolist() == [10.0, 1.0, 0.0]
    assert density.seen.tolist() == [2.0, 1.0, 0.0]


def test_those_that_have_become_fainter_leave_with_their_state(avatar, optimiser, open_body):
    density = control(tentative=COUNT)
    with torch.no_grad():
        avatar.logit_opacities[::4] = torch.tensor(0.1).logit()
    kept, before = torch.arange(COUNT)[torch.arange(COUNT) % 4 > 0], moments(optimiser)
    weights, gradient = avatar.smpl_weights.clone(), density.gradient.clone()
    density.began = avatar.means.detach().clone()
    assert density.drop_fainter(avatar, optimiser, 0.15) == COUNT // 4
    assert len(avatar) == len(kept)
    for name in GAUSSIAN_FIELDS:
        assert torch.equal(moments(optimiser)[name], before[name][kept])
    assert torch.equal(avatar.smpl_weights, weights[kept])
    assert torch.equal(density.gradient, gradient[kept])
    assert torch.equal(density.began, avatar.means)
    assert density.drop_fainter(avatar, optimiser, 0.15) == 0
    assert density.drop_fainter(avatar, optimiser, 1.0) == 0  # never all of them
    assert len(avatar) == len(kept)


def test_only_those_that_were_put_between_the_legs_leave(avatar, optimiser, open_body):
    density = control(torch.ones(COUNT), tentative=50, grow_quantile=0.0)
    with torch.no_grad():
        avatar.logit_opacities[:] = torch.tensor(0.1).logit()
        avatar.logit_opacities[-1] = torch.tensor(0.5).logit()
    before = avatar.means.detach()[:150].clone()
    kept = DensityControl(density.config, 100, 1)
    kept.load_state_dict(density.state_dict())  # as a checkpoint does
    assert kept.drop_fainter(avatar, optimiser, 0.15) == 49
    assert torch.equal(avatar.means[:150], before)
    assert kept.tentative.tolist() == [False] * 150 + [True]


def test_what_grows_from_them_leaves_with_them(avatar, optimiser, open_body):
    density = control(torch.arange(COUNT).float(), tentative=1, grow_quantile=0.99, grow_scale=10.0)
    density.began = avatar.means.detach().clone()
    cloned = update(density, avatar, optimiser, open_body).cloned
    assert cloned == 2  # of the last two, of which one was between the legs
    # New ones begin where they are, or over it on the skin; nobody else's beginning changes.
    torch.testing.assert_close(density.began[-2:], on_the_skin(open_body, avatar.means[-2:]))
    assert torch.equal(density.began[:COUNT], avatar.means[:COUNT])
    assert density.tentative.sum() == 2
    with torch.no_grad():
        avatar.logit_opacities[:] = torch.tensor(0.1).logit()
    assert density.drop_fainter(avatar, optimiser, 0.15) == 2
