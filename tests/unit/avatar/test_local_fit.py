"""Planes through neighbours' values."""

import torch
from dressed import avatar_on, sheet_of

from gaussianmotion.avatar.local_fit import local_fits


def test_what_is_linear_in_space_is_found_wherever_neighbours_are(open_body):
    avatar = avatar_on(open_body, 20000)
    sheet = sheet_of(avatar, open_body)
    slope = torch.tensor([1.0, -2.0, 0.5])
    values = sheet.means @ slope
    rows = torch.arange(0, len(avatar), 7)
    (fit,) = local_fits(sheet, rows, 40, 0.02)
    assert torch.equal(fit.rows, rows)
    near = values[fit.near]
    # Off the plane by what curvature is: a wrist is no plane.
    error = ((fit.here * near).sum(dim=1) - values[rows]).abs()
    mean_error = (near.mean(dim=1) - values[rows]).abs()
    assert error.median() < 0.002 < mean_error.median()
    found = torch.einsum("fk,fka->fa", near, fit.slope)
    wanted = torch.einsum("c,fca->fa", slope, fit.tangents)
    assert (found - wanted).norm(dim=1).median() < 0.1 * slope.norm()


def test_tangents_are_in_the_surface(open_body):
    avatar = avatar_on(open_body, 500)
    sheet = sheet_of(avatar, open_body)
    (fit,) = local_fits(sheet, torch.arange(500), 20, 0.05)
    torch.testing.assert_close(
        torch.einsum("fca,fcb->fab", fit.tangents, fit.tangents),
        torch.eye(2).expand(500, 2, 2),
        atol=1e-5,
        rtol=0,
    )
    assert torch.einsum("fc,fca->fa", sheet.normals, fit.tangents).abs().max() < 1e-5


def test_constants_stay_whatever_counts_nothing(open_body):
    avatar = avatar_on(open_body, 500)
    sheet = sheet_of(avatar, open_body)
    sheet.counts[::2] = 0.0
    (fit,) = local_fits(sheet, torch.arange(500), 20, 0.05)
    torch.testing.assert_close(fit.here.sum(dim=1), torch.ones(500), atol=1e-3, rtol=0)
    assert fit.here.isfinite().all()
    assert fit.slope.isfinite().all()
