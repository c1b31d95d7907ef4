"""Drawing 3D Gaussians, differentiably: one meaning, three backends."""

from gaussianmotion.splat.rasterise import Backend, Rendering, rasterise

__all__ = ["Backend", "Rendering", "rasterise"]
