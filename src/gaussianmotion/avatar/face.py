"""The Gaussians of an avatar's face: they stay on the body, and are drawn to an average face.

A prior of 128 px draws half a face, and another one in each view: what is averaged over the views
is a blur. Here the Gaussians that began on the face keep their place and shape, so that marks stay
where they are put; their colours are learnt, and late in the training each step draws them toward
the colour of the plain skin around, times the marks of an average face (:mod:`..body.face`). Light
stays the prior's; eyes, brows, nostrils and lips are everybody's. The mean over many views is also
greyer or redder than any skin: the face as a whole is drawn to the nearest tone that skins have,
and with it the front of the neck and the hands; at the end, once it is known what else is skin,
that too, and hair gets one hue (:mod:`.complexion`). This goes beyond the paper.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.complexion import (
    DARKEST,
    LIGHTEST,
    Shown,
    even_out,
    weighted_mean,
)
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.body.face import load_marks, on_face
from gaussianmotion.body.skin import hand_share, nearest_tone, throat_share

#: What of the face's Gaussians is not learnt.
HELD = ("means", "quats", "log_scales", "logit_opacities")
# Plain skin has marks below this (logarithm of a factor).
PLAIN = 0.06
# Skin around a point: a Gaussian of this standard deviation in metres, over so many neighbours.
AROUND, NEIGHBOURS = 0.018, 64


class FaceLayer:
    """The face's Gaussians and what they are drawn to.

    After others have come or gone they are found by where they began, which they never leave.

    Attributes:
        index: Which Gaussians of the avatar they are.
        share: How far each belongs to the face, from 0 to 1.
        logs: Its marks: logarithms of factors on RGB.
    """

    index: Int[Tensor, " M"]
    share: Float[Tensor, " M"]
    logs: Float[Tensor, "M 3"]

    def __init__(
        self, means: Float[Tensor, "N 3"], body: Body, contrast: float, tone: float = 0.0
    ) -> None:
        """Those of a new avatar, before it has learnt anything.

        Args:
            means: Canonical positions on the body, metres.
            contrast: Factor on the marks' logarithms.
            tone: How far, from 0 to 1, the face's colour goes to the nearest tone of skins, and
                those of throat, hands and, at the end, all other skin to the face's.
        """
        self._body, self._tone = body, tone
        logs, share = load_marks().at(on_face(means, body))
        began = (share > 0.01).nonzero()[:, 0]
        self._places = means[began].detach().clone()
        self._logs, self._share = contrast * logs[began], share[began]
        self._plain = contrast * PLAIN
        self.find(means)

    def find(self, means: Float[Tensor, "N 3"]) -> None:
        """Find the face's Gaussians among an avatar's, and the skin around each."""
        from scipy.spatial import cKDTree  # half a second, for a training's start only

        self._searched = means
        places = self._places.cpu().numpy()
        found, which = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if len(places):
            distance, nearest = cKDTree(places).query(means.detach().cpu().numpy())
            found = np.flatnonzero(distance == 0.0)
            which = nearest[found]
        rows = torch.from_numpy(which).to(means.device)
        self.index = torch.from_numpy(found).to(means.device)
        self.share, self.logs = self._share[rows], self._logs[rows]
        plain = (self.logs.abs().amax(dim=1) < self._plain).nonzero()[:, 0].cpu()
        if not len(plain):  # nothing to take the skin from
            self.index, self.share, self.logs = self.index[:0], self.share[:0], self.logs[:0]
            return
        points = places[which]
        away, near = cKDTree(points[plain.numpy()]).query(
            points, k=range(1, 1 + min(NEIGHBOURS, len(plain)))
        )
        self._near = plain[torch.from_numpy(near)].to(means.device)
        weight = torch.from_numpy(away).float().div(AROUND).square().mul(-0.5).exp()
        # Toward the edge of the face it may be hair: that counts little. The smallest number keeps
        # a row without near neighbours from being 0 / 0.
        weight = weight.to(means.device) * self.share[self._near].square() + 1e-6
        self._weight = weight / weight.sum(dim=1, keepdim=True)

    def hold(self, avatar: Avatar) -> None:
        """Take the gradients away that would move or reshape the face's Gaussians."""
        # Where Gaussians were cloned or removed, numbers have shifted and the parameter is another
        # one: nothing need be read from a GPU to see that.
        if avatar.means is not self._searched:
            self.find(avatar.means)
        for name in HELD:
            gradient = getattr(avatar, name).grad
            if gradient is not None:
                gradient[self.index] = 0.0

    @torch.no_grad()
    def draw(self, avatar: Avatar, rate: float) -> None:
        """Take the face's colours a step toward skin times marks.

        Where c are colours and m the marks' logarithms, the skin is the mean of log c - m over the
        plain skin around. Of a face that has its marks it is the skin itself: drawing it again
        changes nothing, however often.

        Args:
            rate: Share of the way, in logits, that Gaussians inside the face go.
        """
        if not len(self.index):
            return
        logits = avatar.colours[self.index]
        skin = self._skin(logits)
        if self._tone:
            mean = weighted_mean(skin, self.share)
            # Light and shade are a factor of their own on each point; hue is one for all of a skin.
            tone = nearest_tone(mean)
            shade = (skin - mean).mean(dim=1, keepdim=True)
            skin = torch.lerp(skin, tone + shade, self._tone)
            self._draw_bare(avatar, tone, rate)
        aim = (skin + self.logs).exp().clamp(DARKEST, LIGHTEST).logit()
        avatar.colours[self.index] = torch.lerp(logits, aim, rate * self.share[:, None])

    @torch.no_grad()
    def even_out(self, avatar: Avatar, shown: Shown | None) -> None:
        """Give all that is skin the face's tone, and hair one hue (:mod:`.complexion`).

        Args:
            avatar: Avatar whose face this is.
            shown: What is skin and what is hair, where that is known.
        """
        if shown is None or not len(self.index) or not self._tone:
            return
        face = torch.zeros_like(shown.skin)
        face[self.index] = self.share
        mean = weighted_mean(self._skin(avatar.colours[self.index]), self.share)
        even_out(avatar, shown, face, nearest_tone(mean), self._tone)

    def _skin(self, logits: Float[Tensor, "M 3"]) -> Float[Tensor, "M 3"]:
        """Logarithms of the plain skin around each of the face's Gaussians."""
        plain = logits.sigmoid().log() - self.logs
        return (plain[self._near] * self._weight[..., None]).sum(dim=1)

    def _draw_bare(self, avatar: Avatar, tone: Float[Tensor, " 3"], rate: float) -> None:
        """Take throat and hands a step toward the tone's hue, and the hands to its brightness."""
        hands = hand_share(avatar.smpl_weights)
        throat = throat_share(on_face(avatar.means, self._body))
        logs = avatar.colours.sigmoid().clamp(min=DARKEST).log()
        shade = logs.mean(dim=1, keepdim=True)
        lift = (hands > 0.0).float()[:, None] * (tone.mean() - weighted_mean(shade, hands))
        aim = torch.lerp(logs, tone - tone.mean() + shade + lift, self._tone)
        aim = aim.exp().clamp(DARKEST, LIGHTEST).logit()
        avatar.colours.lerp_(aim, rate * torch.maximum(hands, throat)[:, None])
