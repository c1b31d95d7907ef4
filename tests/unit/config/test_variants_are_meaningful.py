"""Every shipped variant changes something that happens, at the paper's scale and the laptop's."""

from pathlib import Path

import pytest

from gaussianmotion.config.file import merge, read_yaml
from gaussianmotion.pipeline.experiment import Experiment, load_experiment

REPOSITORY = Path(__file__).parents[3]
# Configurations that are one and the same, by experiment; config.yaml and laptop.yaml say so.
SAME = {
    "paper": {("ours", "tau_400", "scale_reg")},
    "laptop": {("ours", "tau_100")},
    "laptop-small": set(),
}


def shipped(name: str) -> Experiment:
    layer = read_yaml(REPOSITORY / "config.yaml")
    if name != "paper":
        layer = merge(layer, read_yaml(REPOSITORY / "config/laptop.yaml"))
    if name == "laptop-small":
        layer["scale"] = "small"
    for key in ("prompts", "variants_file"):
        layer[key] = REPOSITORY / str(layer.get(key, "config/variants.yaml"))
    scales = layer.get("scales", {}).get(layer.get("scale", "full"), {})
    if "prompts" in scales:
        scales["prompts"] = REPOSITORY / scales["prompts"]
    return load_experiment(layer, name)


@pytest.fixture(params=list(SAME))
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return shipped(request.param)


def test_only_the_variants_that_are_said_to_be_ours_are(experiment: Experiment) -> None:
    same: dict[str, tuple[str, ...]] = {}
    for name in experiment.config.ablation.variants:
        key = experiment.variant(name).model_dump_json()
        same[key] = (*same.get(key, ()), name)
    found = {names for names in same.values() if len(names) > 1}
    assert found == SAME[experiment.config.experiment]


def test_variants_that_prune_come_to_prune(experiment: Experiment) -> None:
    for name in experiment.config.ablation.variants:
        family = name.removeprefix("coarse_")
        if not family.startswith("prune") and family != "scale_reg":
            continue
        train = experiment.variant(name).train
        updates = range(train.density.every, train.steps + 1, train.density.every)
        assert train.density.enabled
        assert len([step for step in updates if step >= train.density.start * train.steps]) >= 4
        assert (train.loss.scale == 0.0) == family.startswith("prune")


def test_the_scale_loss_weighs_the_same_for_each_gaussian_at_every_scale() -> None:
    paper, laptop = shipped("paper").config.train, shipped("laptop").config.train
    # lambda / N times what the score's gradient has more of: latent cells, s and w(t).
    cells, s, weight = (64 / 32) ** 2, 50.0 / 6.0, 1 / 0.6
    there = laptop.loss.scale / laptop.gaussians * cells * s * weight
    assert paper.score.guidance_scale == 50.0
    assert laptop.score.guidance_scale == 6.0
    assert paper.loss.scale / paper.gaussians == pytest.approx(there, rel=0.15)
    coarse = shipped("laptop").variant("coarse_scale_reg").train
    assert coarse.loss.scale / coarse.gaussians == laptop.loss.scale / laptop.gaussians


def test_the_laptops_negative_prompt_is_in_its_priors_words() -> None:
    config = shipped("laptop").config
    known = (REPOSITORY / config.prior.model / "vocabulary.txt").read_text().split()
    assert set(config.prior.negative_prompt.replace(",", "").split()) <= set(known)
    assert config.prior.negative_prompt != shipped("paper").config.prior.negative_prompt


def test_the_grids_are_large_enough_for_verdicts() -> None:
    # The laptop's own s is small, and its steps are too few for large Gaussians by themselves.
    papers = {"nfsd_7.5", "star_poses", "sdi", "ism", "s_10", "s_10_tau_100", "s_10_tau_500"}
    laptops = {name for name in shipped("laptop").overlays if name.startswith("coarse_")}
    assert len(laptops) == 4
    for name, left_out in (("paper", laptops), ("laptop", papers)):
        experiment = shipped(name)
        ablation = experiment.config.ablation
        assert set(ablation.variants) == set(experiment.overlays) - left_out
        assert len(ablation.seeds) >= 3
        assert len(experiment.grid.ablation_prompts) >= 3


def test_the_small_scale_is_small_and_still_has_every_figure() -> None:
    experiment = shipped("laptop-small")
    assert len(experiment.grid.runs) <= 12
    assert experiment.config.train.steps <= 100
    assert {"ours", "no_pose_guidance", "scale_reg", "static_pose", "nearest_vertex"} < set(
        experiment.config.ablation.variants
    )
