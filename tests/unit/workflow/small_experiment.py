"""A small experiment: ours of two prompts, tau_100 (a twin) and static_pose of the first one."""

from pathlib import Path
from typing import Any

from gaussianmotion.pipeline.experiment import Experiment, load_experiment

VARIANTS = """
ours: {}
tau_100: {train: {score: {tau: 100}}}
static_pose: {train: {poses: {distribution: fixed, mean: a}}}
larger: {prior: {model: some/one}, body: {path: own.npz}}
"""


class Maker:
    """Makes experiments in a folder of the test's own, which is the current one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "prompts.tsv").write_text("id\tprompt\nann\ta woman\nbob\ta man\n")
        (folder / "variants.yaml").write_text(VARIANTS)
        (folder / "own.npz").write_bytes(b"")

    def __call__(self, **keys: Any) -> Experiment:
        ablation = {"variants": ["ours", "tau_100", "static_pose"], "prompts": ["ann"]}
        layer = {
            "experiment": "small",
            "prompts": "prompts.tsv",
            "variants_file": "variants.yaml",
            "motions": ["walk", "kick"],
            "ablation": ablation,
            "train": {"score": {"tau": 100}},
            "scores": {"names": ["alignment", "features", "geometry"]},
        }
        return load_experiment({**layer, **keys}, "config.yaml")
