"""Trainings that are lost although most of their numbers are finite."""

from bad_inputs.case import TRAIN, Case, keys


def _lost(setting: str, says: str, *more: str) -> Case:
    name = f"train, {' '.join((setting, *more))}"
    return Case(name, (*TRAIN, *keys(f"train.{setting}", *more)), says)


CASES = [
    _lost("lr.means=1e6", r"diverged at step 1: .* lower train\.lr\.means"),
    _lost("lr.means=10", r"lower train\.lr\.means"),
    _lost("lr.colours=1e9", r"lower train\.lr\.colours"),
    _lost("lr.opacities=1e12", r"lower train\.lr\.opacities"),
    _lost("lr.quats=1e18", r"lower train\.lr\.quats"),
    _lost("lr.scales=1000.0", r"train\.lr"),
    _lost("lr.skinning=1e6", r"lower train\.lr\.skinning"),
    _lost("lr.skinning=0.1", r"lower train\.lr\.skinning"),
    _lost("lr.means=1e6", r"lower train\.lr\.means", "train.steps=1"),
    _lost("opacity=0.001", r"raise train\.opacity"),
    _lost("lr.means=1e38", r"means is 1e\+38"),
    _lost("lr.means=1e-50", r"means is 1e-50"),
    _lost("lr.means=.inf", r"finite"),
    _lost("lr.means=.nan", r"finite|greater"),
    _lost("gaussians=1", r"greater than or equal to 100"),
    _lost("gaussians=100000000000", r"less than or equal to"),
    _lost("size=1048576", r"less than or equal to 4096"),
    _lost("steps=0", r"greater than or equal to 1"),
    _lost("steps=yes", r"must be a number"),
    _lost("face.contrast=9", r"less than or equal to 4"),
    _lost("face.tone=2", r"less than or equal to 1"),
    _lost("face.points=0", r"greater than or equal to 0\.1"),
    _lost("backgrounds=[[9, 0, 0]]", r"RGB is in \[0, 1\]"),
]
