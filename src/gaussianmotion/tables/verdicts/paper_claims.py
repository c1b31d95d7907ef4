"""The claims of the paper's section 5.3 as quantities, fixed before any run was looked at.

Beside them two that the method rests on and the paper does not ablate: learning many poses, and the
residual of the blend weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass

IMBALANCE = "imbalance"


@dataclass(frozen=True)
class Part:
    """One measurable part of a claim.

    Attributes:
        text: What is measured, in words.
        score: Key in ``scores.names``.
        values: Its value's name; two of them for the imbalance.
        weights: Of the variants in the contrast.
        sign: 1 where the claim is that the contrast is above 0, -1 below.
        how: ``value``, or ``imbalance`` of two values (:func:`.verdicts.imbalance`).
    """

    text: str
    score: str
    values: tuple[str, ...]
    weights: Mapping[str, float]
    sign: float = 1.0
    how: str = "value"


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        id: Short name.
        figure: Where the paper shows it; empty where it does not.
        statement: One line.
        parts: All must hold.
    """

    id: str
    figure: str
    statement: str
    parts: tuple[Part, ...]


# The change of a straight line through the five values, from tau = 100 to tau = 500.
OVER_TAU = {f"tau_{tau}": (tau - 300) * 400 / 100_000 for tau in (100, 200, 300, 400, 500)}
# The middle three against both ends.
BETWEEN = {f"tau_{tau}": 1 / 3 if 100 < tau < 500 else -1 / 2 for tau in (100, 200, 300, 400, 500)}

CLAIMS = (
    Claim(
        "pose_guidance",
        "Fig 5",
        "Pose guidance gives the right pose and orientation.",
        (
            Part(
                "more joints where they were asked for",
                "pose",
                ("pck",),
                {"ours": 1.0, "no_pose_guidance": -1.0},
            ),
            Part(
                "the body faces where it was asked to",
                "pose",
                ("orientation",),
                {"ours": 1.0, "no_pose_guidance": -1.0},
            ),
        ),
    ),
    Claim(
        "tau",
        "Fig 6",
        "A higher tau trades saturation for noise, and the best balance is in between.",
        (
            Part("noise grows with tau", "geometry", ("noise",), OVER_TAU),
            Part("saturation falls with tau", "geometry", ("saturation",), OVER_TAU, -1.0),
            Part(
                "less of both in between (200, 300, 400) than at the ends",
                "geometry",
                ("noise", "saturation"),
                BETWEEN,
                -1.0,
                IMBALANCE,
            ),
        ),
    ),
    Claim(
        "scale_regularisation",
        "Fig 7",
        "Scale regularisation is sharper than lenient pruning and keeps the shape that strict "
        "pruning loses.",
        (
            Part(
                "sharper than pruning above 0.1 m",
                "geometry",
                ("sharpness",),
                {"scale_reg": 1.0, "prune_0.1": -1.0},
            ),
            Part(
                "fills its outline better than pruning above 0.02 and 0.01 m",
                "geometry",
                ("silhouette_iou",),
                {"scale_reg": 1.0, "prune_0.02": -0.5, "prune_0.01": -0.5},
            ),
        ),
    ),
    Claim(
        "many_poses",
        "",
        "Training on random poses animates better than training on one pose.",
        (
            Part(
                "more joints where they were asked for",
                "pose",
                ("pck",),
                {"ours": 1.0, "static_pose": -1.0},
            ),
            Part(
                "fills its outline better in poses never trained in",
                "geometry",
                ("silhouette_iou",),
                {"ours": 1.0, "static_pose": -1.0},
            ),
        ),
    ),
    Claim(
        "residual_skinning",
        "",
        "Learnt residual blend weights animate better than those of the nearest vertex.",
        (
            Part(
                "more joints where they were asked for",
                "pose",
                ("pck",),
                {"ours": 1.0, "nearest_vertex": -1.0},
            ),
            Part(
                "fewer holes",
                "geometry",
                ("holes",),
                {"ours": 1.0, "nearest_vertex": -1.0},
                -1.0,
            ),
        ),
    ),
)
