"""Avatars whose regions are known, for tests of what is done with them."""

import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.regions import Regions
from gaussianmotion.avatar.surface import Sheet
from gaussianmotion.body.skin import limb_share

NAMES = ("skin", "hair", "top", "bottom", "dress", "shoes", "hat", "other")


def avatar_on(body, count=6000, skirt=0.0):
    """Even discs on the body, and some between the legs, all as opaque."""
    generator = torch.Generator().manual_seed(0)
    made = Avatar.on_body(body, count, 0.9, generator, False, even=True, skirt=skirt, smooth=True)
    with torch.no_grad():
        made.logit_opacities.copy_(made.logit_opacities[0].expand(len(made)))
    return made


def dressed(avatar, **worn):
    """Regions of which some Gaussians are; the others are skin. All are seen alike."""
    kinds = torch.zeros(len(avatar), dtype=torch.long)
    for name, which in worn.items():
        kinds[which] = NAMES.index(name)
    return Regions(NAMES, kinds, torch.ones(len(avatar)), torch.ones(len(avatar)))


def sheet_of(avatar, body, held=None):
    """All of it seen alike."""
    return Sheet.of(avatar, body, torch.ones(len(avatar)), held)


def limb(avatar, name):
    """Which Gaussians are on it."""
    return limb_share(avatar.smpl_weights, name) > 0.9


def paint(avatar, which, rgb, noise=0.0):
    """Give some a colour, each off it by this standard deviation."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        colours = torch.as_tensor(rgb).expand(int(which.sum()), 3)
        off = noise * torch.randn(colours.shape, generator=generator)
        avatar.colours[which] = (colours + off).clamp(0.02, 0.98).logit()
