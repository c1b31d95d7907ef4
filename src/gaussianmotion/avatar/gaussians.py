"""An avatar: Gaussians in canonical space, and what lets a pose move them.

Canonical space is the body in its star pose (metres, y up, facing +z). All poses share one set of
Gaussians; a pose moves means and covariances by linear blend skinning (eq. 3).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.avatar.skinning import SkinningField, blend_weights
from gaussianmotion.body import Body
from gaussianmotion.body.clothing import sample_between_legs, smooth_weights
from gaussianmotion.camera import Cameras
from gaussianmotion.splat import Backend, Rendering, rasterise
from gaussianmotion.splat.covariance import rotation_matrices
from gaussianmotion.splat.skinned import skin_gaussians

GAUSSIAN_FIELDS = ("means", "quats", "log_scales", "logit_opacities", "colours")
# A disc of standard deviation 0.6 spacings meets its neighbours at about 0.7 of its peak: no gaps
# between splats, and no more blur than that takes.
SCALE_PER_SPACING = 0.6
# Thickness of the discs over their radius: skin is thin, but a disc seen edge-on must not vanish.
FLATNESS = 0.3
NEIGHBOURS = 3
# Colours that are set, and not learnt, lie between.
DARKEST, LIGHTEST = 0.005, 0.995
# Opacity at which Gaussians between the legs begin.
FAINT = 0.15


class Avatar(nn.Module):
    """N canonical Gaussians and their skinning.

    Attributes:
        means: Canonical positions in metres, shape (N, 3).
        quats: Rotations as wxyz quaternions, not necessarily normalised, shape (N, 4).
        log_scales: Logarithms of the standard deviations in metres, shape (N, 3).
        logit_opacities: Opacities before the sigmoid, shape (N,).
        colours: RGB before the sigmoid, shape (N, 3).
        smpl_weights: Weights of the body vertex that was nearest at the last
            :meth:`refresh_smpl_weights`, shape (N, J).
        skinning: The residual field of eq. 4, or None where the body's weights are used alone.
    """

    smpl_weights: Float[Tensor, "N J"]

    def __init__(
        self,
        means: Float[Tensor, "N 3"],
        quats: Float[Tensor, "N 4"],
        log_scales: Float[Tensor, "N 3"],
        logit_opacities: Float[Tensor, " N"],
        colours: Float[Tensor, "N 3"],
        smpl_weights: Float[Tensor, "N J"],
        skinning: SkinningField | None = None,
    ) -> None:
        super().__init__()
        self.means = nn.Parameter(means)
        self.quats = nn.Parameter(quats)
        self.log_scales = nn.Parameter(log_scales)
        self.logit_opacities = nn.Parameter(logit_opacities)
        self.colours = nn.Parameter(colours)
        self.register_buffer("smpl_weights", smpl_weights)
        self.skinning = skinning

    @classmethod
    def on_body(
        cls,
        body: Body,
        count: int,
        opacity: float,
        generator: torch.Generator,
        residual_skinning: bool = True,
        detail: float = 1.0,
        skirt: float = 0.0,
        smooth: bool = False,
        density: Float[Tensor, " F"] | None = None,
        even: bool = False,
    ) -> "Avatar":
        """Grey discs at random on the star pose's surface, as many on equal areas.

        Args:
            count: Number of Gaussians N.
            opacity: Opacity of each, in (0, 1).
            generator: CPU generator of the positions and of the field's start weights.
            residual_skinning: Learn f of eq. 4.
            detail: Points on head and hands, for each elsewhere on the same area.
            skirt: Further ones between the legs, in parts of ``count``, of opacity :data:`FAINT`.
            smooth: Of :func:`w_smpl`.
            density: Points on each of the body's triangles, for each elsewhere on the same area.
            even: Keep them away from one another (:mod:`gaussianmotion.body.spread`).
        """
        means, normals = body.sample_surface(count, generator, detail, density, even)
        opacities = torch.full_like(means[:, 0], opacity)
        if round(skirt * count) > 0:
            between, facing = sample_between_legs(body, round(skirt * count), generator, even)
            means, normals = torch.cat([means, between]), torch.cat([normals, facing])
            opacities = torch.cat([opacities, torch.full_like(between[:, 0], FAINT)])
        apart = spacing(means, NEIGHBOURS).clamp(min=1e-4)
        scales = SCALE_PER_SPACING * apart[:, None].repeat(1, 3)
        scales[:, 2] *= FLATNESS
        field = None
        if residual_skinning:
            lower, upper = body.vertices.amin(dim=0), body.vertices.amax(dim=0)
            field = SkinningField(
                torch.stack([lower, upper]).cpu(), len(body.parents), generator
            ).to(means.device)
        return cls(
            means=means,
            quats=quats_facing(normals),
            log_scales=scales.log(),
            logit_opacities=opacities.logit(),
            colours=torch.zeros_like(means),
            smpl_weights=w_smpl(body, means, smooth),
            skinning=field,
        )

    def __len__(self) -> int:
        return self.means.shape[0]

    @property
    def scales(self) -> Float[Tensor, "N 3"]:
        """Standard deviations along the Gaussians' own axes, metres."""
        return self.log_scales.exp()

    @property
    def opacities(self) -> Float[Tensor, " N"]:
        """Opacities in (0, 1)."""
        return self.logit_opacities.sigmoid()

    @property
    def rgb(self) -> Float[Tensor, "N 3"]:
        """Colours in (0, 1)."""
        return self.colours.sigmoid()

    def weights(self) -> Float[Tensor, "N J"]:
        """Blend weights of eq. 4."""
        residual = None if self.skinning is None else self.skinning(self.means)
        return blend_weights(residual, self.smpl_weights)

    @torch.no_grad()
    def refresh_smpl_weights(self, body: Body, smooth: bool = False) -> None:
        """Look the body's weights up again, after the means have moved."""
        self.smpl_weights = w_smpl(body, self.means.detach(), smooth)

    def posed(
        self,
        body: Body,
        poses: Float[Tensor, "B 24 3"],
        translation: Float[Tensor, "B 3"] | None = None,
        weights: Float[Tensor, "N J"] | None = None,
    ) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"], Float[Tensor, "N J"]]:
        """The Gaussians in observed space: eq. 3 for means and covariances.

        Args:
            poses: Axis-angle joint rotations in radians, SMPL joint order.
            translation: Of the root, metres.
            weights: Result of :meth:`weights` to use again, where many frames are drawn.

        Returns:
            means (B, N, 3), covariances (B, N, 3, 3) and the blend weights (N, J).
        """
        if weights is None:
            weights = self.weights()
        transforms = body.transforms(poses, translation)
        means, covars = skin_gaussians(self.means, self.quats, self.scales, weights, transforms)
        return means, covars, weights

    def render(
        self,
        body: Body,
        poses: Float[Tensor, "B 24 3"],
        cameras: Cameras,
        backgrounds: Float[Tensor, "B 3"] | None = None,
        backend: Backend = "auto",
        translation: Float[Tensor, "B 3"] | None = None,
        weights: Float[Tensor, "N J"] | None = None,
        compensate: bool = False,
    ) -> Rendering:
        """Pose b seen by camera b; see :meth:`posed` and ``splat.rasterise``."""
        means, covars, _ = self.posed(body, poses, translation, weights)
        return rasterise(
            means,
            covars,
            self.rgb,
            self.opacities,
            cameras.viewmats,
            cameras.Ks,
            cameras.width,
            cameras.height,
            backgrounds,
            backend,
            compensate,
        )


def spacing(means: Float[Tensor, "N 3"], neighbours: int) -> Float[Tensor, " N"]:
    """Mean distance of each point's nearest ``neighbours``, of which there must be so many."""
    from scipy.spatial import cKDTree  # half a second, and few ask for it

    where = means.detach().cpu().numpy()
    distance, _ = cKDTree(where).query(where, k=neighbours + 1)
    return torch.as_tensor(distance[:, 1:].mean(axis=1), dtype=torch.float32).to(means.device)


def thin_axes(
    quats: Float[Tensor, "N 4"], log_scales: Float[Tensor, "N 3"], facing: Float[Tensor, "N 3"]
) -> Float[Tensor, "N 3"]:
    """Unit vectors along the shortest axes: how discs lie.

    Args:
        quats: Rotations wxyz.
        log_scales: Logarithms of the standard deviations.
        facing: Of an axis' two directions the one on this side.
    """
    rows = torch.arange(len(quats), device=quats.device)
    return turned_to(rotation_matrices(quats)[rows, :, log_scales.argmin(dim=1)], facing)


def turned_to(axes: Float[Tensor, "N 3"], facing: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3"]:
    """Axes whose direction is on the side of another one."""
    return torch.where((axes * facing).sum(dim=1, keepdim=True) < 0.0, -axes, axes)


def colour_logits(rgb: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3"]:
    """Colours before the sigmoid, kept off 0 and 1, whose logits are infinite.

    What is too light is made darker as a whole: a channel that is clipped by itself changes the
    hue, and light skin in light turns yellow.
    """
    over = rgb.amax(dim=1, keepdim=True).clamp(min=LIGHTEST)
    return (rgb * (LIGHTEST / over)).clamp(min=DARKEST).logit()


def w_smpl(body: Body, points: Float[Tensor, "N 3"], smooth: bool) -> Float[Tensor, "N J"]:
    """w_SMPL of eq. 4: of the nearest vertex, or smoothed away from the body."""
    return smooth_weights(body, points) if smooth else body.nearest_weights(points)


def quats_facing(normals: Float[Tensor, "N 3"]) -> Float[Tensor, "N 4"]:
    """The shortest rotations that turn +z to unit normals, as wxyz quaternions."""
    x, y, z = normals.unbind(dim=-1)
    # Half-way construction: w = 1 + cos, vector part = (0, 0, 1) x normal.
    quats = torch.stack([1.0 + z, -y, x, torch.zeros_like(z)], dim=-1)
    # Facing exactly backward, every axis in the plane does; take x.
    backward = (z < -1.0 + 1e-6)[:, None]
    flip = torch.tensor([0.0, 1.0, 0.0, 0.0], device=normals.device)
    return torch.nn.functional.normalize(torch.where(backward, flip, quats), dim=-1)
