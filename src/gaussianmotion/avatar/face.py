"""The Gaussians of an avatar's face: they stay on the body, and are drawn to a face that ships.

A prior of 128 px draws half a face, and another one in each view: what is averaged over the views
is a blur. Here the Gaussians that began on the face keep their place and shape, so that marks stay
where they are put; their colours are learnt, and late in the training each step draws them toward
the colour of the plain skin around, times the marks of a face, and its eyes to what eyes look like
(:mod:`..body.face_marks`). Light and skin stay the prior's. The mean over many views is also
greyer or redder than any skin: the face as a whole is drawn to the nearest tone that skins have,
and with it the front of the neck and the hands; at the end, once it is known what else is skin,
that too, and hair gets one hue (:mod:`.complexion`). This goes beyond the paper.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.complexion import (
    DARKEST,
    SHADE,
    Shown,
    even_out,
    weighted_mean,
)
from gaussianmotion.avatar.gaussians import Avatar, colour_logits
from gaussianmotion.body import Body
from gaussianmotion.body.face import on_face
from gaussianmotion.body.face_marks import FaceMarks, MarksAt, load_marks
from gaussianmotion.body.skin import hand_share, nearest_tone, throat_share
from gaussianmotion.config.face import NAMES, face_path

#: What of the face's Gaussians is not learnt.
HELD = ("means", "quats", "log_scales", "logit_opacities")
# Plain skin has marks below this (logarithm of a factor).
PLAIN = 0.1
# Mean logarithms of RGB of skin that has the marks of dark and of light skin; between, of both.
DARK, LIGHT = -1.1, -0.7
# Where eyes cover less than this, there is skin.
NO_EYE = 0.02
# Skin around a point: a Gaussian of this standard deviation in metres, over so many neighbours.
AROUND, NEIGHBOURS = 0.018, 64


def held_share(avatar: Avatar, body: Body, opacity: float) -> Float[Tensor, " N"]:
    """How far each Gaussian of a trained avatar belongs to a face that was held; 0 for others.

    Args:
        avatar: Trained avatar.
        body: Body that it was trained on.
        opacity: Opacity at its start, which those that were held still have, and no other.
    """
    # All faces lie at the same place.
    share = load_marks(face_path(NAMES[0])).at(on_face(avatar.means, body))[0].share
    began = torch.full_like(share, opacity).logit()
    # Processors and GPUs take logits with another last digit.
    same = (avatar.logit_opacities - began).abs() < 1e-5
    return torch.where(same, share, 0.0)


class FaceLayer:
    """The face's Gaussians and what they are drawn to.

    After others have come or gone they are found by where they began, which they never leave.

    Attributes:
        index: Which Gaussians of the avatar they are, M of them.
        dark: Their marks on dark skin.
        light: The same on light skin.
    """

    index: Int[Tensor, " M"]
    dark: MarksAt
    light: MarksAt

    def __init__(
        self,
        means: Float[Tensor, "N 3"],
        body: Body,
        marks: FaceMarks,
        contrast: float,
        tone: float = 0.0,
    ) -> None:
        """Those of a new avatar, before it has learnt anything.

        Args:
            means: Canonical positions on the body, metres.
            body: Body that they are on.
            marks: Of the face that they are drawn to.
            contrast: Factor on the marks' logarithms.
            tone: How far, from 0 to 1, the face's colour goes to the nearest tone of skins, and
                those of throat, hands and, at the end, all other skin to the face's.
        """
        self._body, self._tone = body, tone
        both = marks.at(on_face(means, body))
        began = (both[0].share > 0.01).nonzero()[:, 0]
        self._places = means[began].detach().clone()
        self._marks = [replace(at[began], logs=contrast * at.logs[began]) for at in both]
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
        self.dark, self.light = (at[rows] for at in self._marks)
        is_plain = self.dark.cover < NO_EYE
        for at in (self.dark, self.light):
            is_plain &= at.logs.abs().amax(dim=1) < self._plain
        self._where_plain = is_plain.nonzero()[:, 0]
        plain = self._where_plain.cpu()
        if not len(plain):  # nothing to take the skin from
            none = self.index[:0]
            self.index, self.dark, self.light = none, self.dark[none], self.light[none]
            return
        points = places[which]
        away, near = cKDTree(points[plain.numpy()]).query(
            points, k=range(1, 1 + min(NEIGHBOURS, len(plain)))
        )
        self._near = plain[torch.from_numpy(near)].to(means.device)
        weight = torch.from_numpy(away).float().div(AROUND).square().mul(-0.5).exp()
        # Toward the edge of the face it may be hair: that counts little. The smallest number keeps
        # a row without near neighbours from being 0 / 0.
        weight = weight.to(means.device) * self.dark.share[self._near].square() + 1e-6
        self._weight = weight / weight.sum(dim=1, keepdim=True)

    def follow(self, avatar: Avatar) -> None:
        """Find the face's Gaussians again if others have come or gone since."""
        # Then numbers have shifted and the parameter is another one: nothing need be read from a
        # GPU to see that.
        if avatar.means is not self._searched:
            self.find(avatar.means)

    def hold(self, avatar: Avatar) -> None:
        """Take the gradients away that would move or reshape the face's Gaussians."""
        self.follow(avatar)
        for name in HELD:
            gradient = getattr(avatar, name).grad
            if gradient is not None:
                gradient[self.index] = 0.0

    @torch.no_grad()
    def draw(self, avatar: Avatar, rate: float) -> None:
        """Take the face's colours a step toward skin times marks, and eyes.

        Where c are colours and m the marks' logarithms, the skin is the mean of log c - m over the
        plain skin around; eyes have their own colours. Of a face that has its marks it is the skin
        itself: drawing it again changes nothing, however often.

        Args:
            rate: Share of the way, in logits, that Gaussians inside the face go.
        """
        if not len(self.index):
            return
        logits, marks, skin = self._look(avatar)
        if self._tone:
            mean = weighted_mean(skin, marks.share)
            # Light and shade are a factor of their own on each point; hue is one for all of a skin.
            tone = nearest_tone(mean)
            shade = (skin - mean).mean(dim=1, keepdim=True)
            skin = torch.lerp(skin, tone + shade, self._tone)
            self._draw_bare(avatar, tone, rate)
        avatar.colours[self.index] = torch.lerp(
            logits, _marked(skin, marks), rate * marks.share[:, None]
        )

    @torch.no_grad()
    def even_out(
        self, avatar: Avatar, shown: Shown, skin: Float[Tensor, "3"] | None = None
    ) -> None:
        """Give all that is skin one tone, and hair one hue (:mod:`.complexion`).

        Args:
            avatar: Avatar whose face this is.
            shown: What is skin and what is hair.
            skin: RGB whose nearest tone skin gets; the face's own where not given.
        """
        if not len(self.index) or not self._tone:
            return
        if skin is None:
            _, marks, own = self._look(avatar)
            tone = nearest_tone(weighted_mean(own, marks.share))
        else:
            tone = nearest_tone(skin.to(avatar.colours.device).clamp(min=DARKEST).log())
            self._turn(avatar, tone)
        face = torch.zeros_like(shown.skin)
        face[self.index] = self.marks(avatar.colours[self.index]).share
        even_out(avatar, shown, face, tone, self._tone)

    def _turn(self, avatar: Avatar, tone: Float[Tensor, "3"]) -> None:
        """Make the face one of another tone, with the marks that skin of this tone has."""
        logits, marks, skin = self._look(avatar)
        shade = (skin - weighted_mean(skin, marks.share)).mean(dim=1, keepdim=True)
        skin = tone + SHADE * shade
        marks = self.marks(_marked(skin, marks))
        aim = _marked(skin, marks)
        avatar.colours[self.index] = logits.lerp(aim, self._tone * marks.share[:, None])

    def marks(self, logits: Float[Tensor, "M 3"]) -> MarksAt:
        """The marks on skin as dark as plain skin is.

        Args:
            logits: Colours of the face's Gaussians.
        """
        plain = logits[self._where_plain].sigmoid().log()
        brightness = weighted_mean(plain, self.dark.share[self._where_plain]).mean()
        dark = (LIGHT - brightness) / (LIGHT - DARK)
        return self.light.toward(self.dark, dark.clamp(0.0, 1.0))

    def _look(self, avatar: Avatar) -> tuple[Float[Tensor, "M 3"], MarksAt, Float[Tensor, "M 3"]]:
        """The face's colours, their marks, and logarithms of the plain skin around each."""
        logits = avatar.colours[self.index]
        marks = self.marks(logits)
        plain = logits.sigmoid().log() - marks.logs
        return logits, marks, (plain[self._near] * self._weight[..., None]).sum(dim=1)

    def _draw_bare(self, avatar: Avatar, tone: Float[Tensor, " 3"], rate: float) -> None:
        """Take throat and hands a step toward the tone's hue, and the hands to its brightness."""
        hands = hand_share(avatar.smpl_weights)
        throat = throat_share(on_face(avatar.means, self._body))
        logs = avatar.colours.sigmoid().clamp(min=DARKEST).log()
        shade = logs.mean(dim=1, keepdim=True)
        lift = (hands > 0.0).float()[:, None] * (tone.mean() - weighted_mean(shade, hands))
        aim = torch.lerp(logs, tone - tone.mean() + shade + lift, self._tone)
        aim = colour_logits(aim.exp())
        avatar.colours.lerp_(aim, rate * torch.maximum(hands, throat)[:, None])


def _marked(skin: Float[Tensor, "M 3"], marks: MarksAt) -> Float[Tensor, "M 3"]:
    """Skin times marks, and eyes, before the sigmoid; the skin in logarithms."""
    rgb = torch.lerp((skin + marks.logs).exp(), marks.eyes, marks.cover[:, None])
    return colour_logits(rgb)
