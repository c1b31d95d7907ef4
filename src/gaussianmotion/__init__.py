"""GaussianMotion: animatable 3D Gaussian avatars from text, as a reproducible experiment pipeline."""

__version__ = "0.1.0"
