"""Placeholder until the kernels land: right, and slow."""

from gaussianmotion.splat.reference import rasterise_torch as rasterise_numba

__all__ = ["rasterise_numba"]
