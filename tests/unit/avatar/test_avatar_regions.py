"""One region for each Gaussian, from what pixels say of it."""

import pytest
import torch
from dressed import NAMES, avatar_on, limb, paint, sheet_of

from gaussianmotion.avatar.colour_modes import sharpen_colours
from gaussianmotion.avatar.regions import LEAST, Regions, _averaged, fewest
from gaussianmotion.avatar.surface import Sheet

SKIN, TOP = NAMES.index("skin"), NAMES.index("top")


def said(avatar, which, share=0.9):
    """Sums of the regions: a top where asked for, skin elsewhere, and half of it ground."""
    sums = torch.zeros(len(avatar), 1 + len(NAMES))
    sums[:, 0] = 1.0
    sums[:, 1 + TOP] = torch.where(which, share, 1.0 - share)
    sums[:, 1 + SKIN] = torch.where(which, 1.0 - share, share)
    return sums


def test_what_pixels_say_of_people_decides(open_body):
    avatar = avatar_on(open_body)
    trunk = limb(avatar, "trunk")
    found = Regions.of(said(avatar, trunk), NAMES, sheet_of(avatar, open_body))
    assert (found.among("top") == trunk).float().mean() > 0.97
    assert (found.among("top") | found.among("skin")).all()
    torch.testing.assert_close(found.seen, torch.ones(len(avatar)))


def test_single_ones_follow_their_neighbours_and_borders_are_less_pure(open_body):
    avatar = avatar_on(open_body)
    trunk = limb(avatar, "trunk")
    wrong = torch.rand(len(avatar), generator=torch.Generator().manual_seed(2)) < 0.1
    found = Regions.of(said(avatar, trunk ^ wrong), NAMES, sheet_of(avatar, open_body))
    assert (found.among("top") == trunk)[wrong].float().mean() > 0.9
    height = avatar.means[:, 1].detach()
    upper = height > height.median()
    cut = Regions.of(said(avatar, upper), NAMES, sheet_of(avatar, open_body))
    at_border = (height - height.median()).abs() < 0.005
    assert cut.purity[at_border].mean() < 0.3 < 0.75 < cut.purity[~at_border].median()
    assert cut.purity.min() >= LEAST


def test_what_is_hidden_is_what_its_neighbours_are(open_body):
    avatar = avatar_on(open_body)
    trunk = limb(avatar, "trunk")
    seen, sums = torch.ones(len(avatar)), said(avatar, trunk)
    seen[::3], sums[::3] = 0.0, 0.0
    found = Regions.of(sums, NAMES, Sheet.of(avatar, open_body, seen))
    assert (found.among("top") == trunk)[::3].float().mean() > 0.95
    assert found.seen[::3].sum() == 0.0


def test_a_held_face_is_skin(open_body):
    avatar = avatar_on(open_body)
    held = limb(avatar, "head").nonzero()[:, 0]
    everything = torch.ones(len(avatar), dtype=torch.bool)
    found = Regions.of(said(avatar, everything), NAMES, sheet_of(avatar, open_body), held)
    assert found.among("skin")[held].all()
    assert found.among("skin").sum() < 1.02 * len(held)


def test_skin_on_a_border_is_skin_and_says_less_of_its_colour(open_body):
    avatar = avatar_on(open_body)
    height = avatar.means[:, 1].detach()
    upper = height > height.median()
    found = Regions.of(said(avatar, upper), NAMES, sheet_of(avatar, open_body))
    shown, bare = found.shown(torch.device("cpu")), found.among("skin")
    assert torch.equal(shown.skin, bare.float())
    assert shown.seen[bare].min() < 0.4 < 0.75 < shown.seen[bare].max()


def test_a_region_of_a_few_is_a_mistake(open_body):
    avatar = avatar_on(open_body)
    sums = said(avatar, limb(avatar, "trunk"))
    near = torch.cdist(avatar.means[:1], avatar.means)[0].argsort()[:40]
    sums[near, 1 + NAMES.index("dress")] = 5.0
    found = Regions.of(sums, NAMES, sheet_of(avatar, open_body))
    assert not found.among("dress").any()


@pytest.mark.parametrize("count", [70, 100, 140])
def test_a_patch_that_short_borders_leave_of_too_few_is_a_mistake_too(open_body, count):
    avatar = avatar_on(open_body, 12000)
    chest = limb(avatar, "trunk").nonzero()[0, 0]
    near = torch.cdist(avatar.means[chest][None], avatar.means)[0].argsort()[:count]
    patch = torch.zeros(len(avatar), dtype=torch.bool)
    patch[near] = True
    found = Regions.of(said(avatar, patch), NAMES, sheet_of(avatar, open_body))
    left = int(found.among("top").sum())
    assert left == 0 or left >= fewest(12000) == 60


def test_of_few_gaussians_fewer_are_a_region(open_body):
    avatar = avatar_on(open_body, 900)
    worn = limb(avatar, "trunk")
    near = torch.cdist(avatar.means[worn][:1], avatar.means[worn])[0].argsort()[:40]
    small = worn.nonzero()[near, 0]
    patch = torch.zeros(len(avatar), dtype=torch.bool)
    patch[small] = True
    found = Regions.of(said(avatar, patch), NAMES, sheet_of(avatar, open_body))
    assert (found.among("top") == patch).float().mean() > 0.97
    assert found.among("top")[patch].float().mean() > 0.6


def test_the_smallest_region_goes_first_and_what_it_leaves_may_be_enough(open_body):
    """A jacket that is half a dress to the prior: neither is enough alone."""
    avatar = avatar_on(open_body, 12000)
    chest = limb(avatar, "trunk").nonzero()[0, 0]
    near = torch.cdist(avatar.means[chest][None], avatar.means)[0].argsort()[:140]
    patch = torch.zeros(len(avatar), dtype=torch.bool)
    patch[near] = True
    left = patch & (avatar.means[:, 0] < avatar.means[near, 0].median())
    dress, sums = NAMES.index("dress"), said(avatar, patch, 1.0)
    sums[patch] = 0.0
    sums[patch, 1 + TOP], sums[patch, 1 + dress] = 0.53, 0.47
    sums[left, 1 + TOP], sums[left, 1 + dress] = 0.45, 0.55
    sheet = sheet_of(avatar, open_body)
    count = _averaged(sums[:, 1:], sheet).argmax(dim=1).bincount()
    assert max(count[TOP], count[dress]) < 60 < count[TOP] + count[dress]
    found = Regions.of(sums, NAMES, sheet)
    assert found.among("top", "dress").sum() > 60


def test_a_cut_sheet_keeps_colours_on_their_sides(open_body):
    """A white shirt beside a red skirt: without the cut, a thin strip of red would be white."""
    avatar = avatar_on(open_body)
    height = avatar.means[:, 1].detach()
    strip = (height - height.median()).abs() < 0.015
    paint(avatar, ~strip, [0.9, 0.9, 0.9])
    paint(avatar, strip, [0.8, 0.1, 0.1])
    reach = torch.full((len(avatar),), 0.04)
    sheet = sheet_of(avatar, open_body)
    regions = Regions.of(said(avatar, strip), NAMES, sheet)
    kinds = torch.where(strip, TOP, SKIN)
    cut = Regions(NAMES, kinds, regions.purity, regions.seen).cut(sheet)
    sharpen_colours(avatar, cut, reach)
    assert (avatar.rgb[strip] - torch.tensor([0.8, 0.1, 0.1])).abs().max() < 0.02
    assert (avatar.rgb[~strip] - 0.9).abs().max() < 0.02
