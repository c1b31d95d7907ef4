"""GaussianMotion: animatable 3D Gaussian avatars from text, a reproducible pipeline."""

__version__ = "0.1.0"
