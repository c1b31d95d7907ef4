"""The rasteriser for processors: kernels compiled by Numba."""
