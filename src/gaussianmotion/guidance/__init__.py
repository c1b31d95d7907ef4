"""Guidance: a text- and pose-conditioned diffusion prior, and the scores distilled from it."""
