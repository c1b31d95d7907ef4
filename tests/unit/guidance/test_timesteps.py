"""Which timesteps are drawn, and when their maximum drops."""

import torch

from gaussianmotion.config import DistillationConfig
from gaussianmotion.guidance.timesteps import largest_timestep, looks_again, sample_timesteps

CONFIG = DistillationConfig(t_min=20, t_max=980, t_max_late=500, anneal_at=0.5)


def draw(step: int, count: int = 20_000, config: DistillationConfig = CONFIG, seed: int = 0):
    return sample_timesteps(step, 100, count, config, torch.Generator().manual_seed(seed))


def test_early_timesteps_cover_the_whole_range_both_ends_included():
    t = draw(step=0)
    assert t.shape == (20_000,)
    assert (int(t.min()), int(t.max())) == (20, 980)
    assert abs(t.float().mean().item() - 500.0) < 10.0


def test_the_maximum_drops_exactly_in_the_middle():
    assert largest_timestep(49, 100, CONFIG) == 980
    assert largest_timestep(50, 100, CONFIG) == 500
    late = draw(step=50)
    assert (int(late.min()), int(late.max())) == (20, 500)


def test_the_last_timestep_of_the_model_is_never_exceeded():
    config = DistillationConfig(t_min=990, t_max=1000, t_max_late=1000)
    assert int(draw(0, config=config).max()) == 999


def test_a_seed_decides_the_timesteps():
    assert torch.equal(draw(3, 8, seed=1), draw(3, 8, seed=1))
    assert not torch.equal(draw(3, 8, seed=1), draw(3, 8, seed=2))


def test_late_steps_look_at_their_views_in_whole_groups():
    config = CONFIG.model_copy(update={"late_method": "sdedit", "late_repeats": 4})
    again = [step for step in range(20) if looks_again(config, step, 20)]
    assert again == [13, 14, 15, 17, 18, 19]  # half of 20 is 10; the first whole group begins at 12
    assert not any(looks_again(CONFIG, step, 20) for step in range(20))
