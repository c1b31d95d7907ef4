"""The claims of the paper's section 5.3 as quantities, fixed before any run was looked at.

Beside them two that the method rests on and the paper does not ablate: learning many poses, and the
residual of the blend weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gaussianmotion.pipeline.grid import COARSE, OURS

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
        where_run: The table leaves the claim out of experiments that have none of its variants.
    """

    id: str
    figure: str
    statement: str
    parts: tuple[Part, ...]
    where_run: bool = False

    @property
    def variants(self) -> frozenset[str]:
        """Names of the variants that its parts compare."""
        return frozenset(name for part in self.parts for name in part.weights)


# What the variants are called after, and what they are trained with unless a variant was edited.
TAUS = {f"tau_{tau}": float(tau) for tau in (100, 200, 300, 400, 500)}
_THRESHOLDS = (0.1, 0.02, 0.01)  # metres; the most lenient first
PRUNED = {f"{family}prune_{at:g}": at for family in ("", COARSE) for at in _THRESHOLDS}


def slope(values: Mapping[str, float]) -> dict[str, float]:
    """The change of a straight line through variants' results, from the least value to the largest.

    Args:
        values: By variant; weights are 0 where all are alike.
    """
    middle = sum(values.values()) / len(values)
    reach = max(values.values()) - min(values.values())
    squares = sum((value - middle) ** 2 for value in values.values()) or 1.0
    return {name: (value - middle) * reach / squares for name, value in values.items()}


def between(values: Mapping[str, float]) -> dict[str, float]:
    """The mean of the variants in the middle against that of those at both ends.

    Args:
        values: By variant; weights are 0 where nothing lies in the middle.
    """
    ends = {min(values.values()), max(values.values())}
    inner = sum(value not in ends for value in values.values())
    outer = len(values) - inner
    return {
        name: 0.0 if not inner else -1 / outer if value in ends else 1 / inner
        for name, value in values.items()
    }


def paper_claims(
    taus: Mapping[str, float] = TAUS, pruned: Mapping[str, float] = PRUNED
) -> tuple[Claim, ...]:
    """The claims, for the values that the variants were trained with.

    Args:
        taus: tau of the variants of Fig. 6.
        pruned: Largest axis that the variants of Fig. 7 keep, metres.
    """
    over, inside = slope(taus), between(taus)
    middle = ", ".join(f"{taus[name]:g}" for name in sorted(taus, key=taus.__getitem__)
                       if inside[name] > 0)  # fmt: skip
    return (
        *_GUIDANCE,
        Claim(
            "tau",
            "Fig 6",
            "A higher tau trades saturation for noise, and the best balance is in between.",
            (
                Part("noise grows with tau", "geometry", ("noise",), over),
                Part("saturation falls with tau", "geometry", ("saturation",), over, -1.0),
                Part(
                    f"less of both in between ({middle}) than at the ends",
                    "geometry",
                    ("noise", "saturation"),
                    inside,
                    -1.0,
                    IMBALANCE,
                ),
            ),
        ),
        _scale_regularisation(pruned),
        _scale_regularisation(pruned, COARSE),
        *_BEYOND,
    )


def _scale_regularisation(pruned: Mapping[str, float], family: str = "") -> Claim:
    """Fig. 7's claim.

    Args:
        pruned: As of :func:`paper_claims`.
        family: What the variants' names begin with.
    """
    mild, *strict = (f"{family}prune_{at:g}" for at in _THRESHOLDS)
    regularised = f"{family}scale_reg"
    thresholds = " and ".join(f"{pruned[name]:g}" for name in strict)
    return Claim(
        f"{family}scale_regularisation",
        "Fig 7, of Gaussians that come to be large" if family else "Fig 7",
        "Scale regularisation is sharper than lenient pruning and keeps the shape that strict "
        "pruning loses.",
        (
            Part(
                f"sharper than pruning above {pruned[mild]:g} m",
                "geometry",
                ("sharpness",),
                {regularised: 1.0, mild: -1.0},
            ),
            Part(
                f"fills its outline better than pruning above {thresholds} m",
                "geometry",
                ("silhouette_iou",),
                {regularised: 1.0, **dict.fromkeys(strict, -1 / len(strict))},
            ),
        ),
        where_run=bool(family),
    )


_GUIDANCE = (
    Claim(
        "pose_guidance",
        "Fig 5",
        "Pose guidance gives the right pose and orientation.",
        (
            Part(
                "more joints where they were asked for",
                "pose",
                ("pck",),
                {OURS: 1.0, "no_pose_guidance": -1.0},
            ),
            Part(
                "the body faces where it was asked to",
                "pose",
                ("orientation",),
                {OURS: 1.0, "no_pose_guidance": -1.0},
            ),
        ),
    ),
)
# What the method rests on and the paper does not ablate.
_BEYOND = (
    Claim(
        "many_poses",
        "",
        "Training on random poses animates better than training on one pose.",
        (
            Part(
                "more joints where they were asked for",
                "pose",
                ("pck",),
                {OURS: 1.0, "static_pose": -1.0},
            ),
            Part(
                "fills its outline better in poses never trained in",
                "geometry",
                ("silhouette_iou",),
                {OURS: 1.0, "static_pose": -1.0},
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
                {OURS: 1.0, "nearest_vertex": -1.0},
            ),
            Part(
                "fewer holes",
                "geometry",
                ("holes",),
                {OURS: 1.0, "nearest_vertex": -1.0},
                -1.0,
            ),
        ),
    ),
)

CLAIMS = paper_claims()
