"""The numbers that all backends share, those of gsplat 1.5.3.

Two rasterisers agree to rounding only when they skip the same splats, so none of these is a knob.
"""

EPS2D = 0.3  # pixels squared, added to the diagonal of every projected covariance
NEAR = 0.01  # metres; a Gaussian whose centre is nearer to the camera plane is skipped
FAR = 1e10  # metres
ALPHA_MIN = 1.0 / 255.0  # a fainter splat leaves a pixel as it is
ALPHA_MAX = 0.999  # of one splat in one pixel; no gradient beyond
TRANSMITTANCE_MIN = 1e-4  # a splat that would leave no more than this ends its pixel, undrawn
EXTENT = 3.33  # standard deviations at which a splat of opacity 1 falls under ALPHA_MIN
FRUSTUM_MARGIN = 0.15  # of the image; beyond it the projection's Jacobian is clamped
