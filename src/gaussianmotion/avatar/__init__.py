"""Animatable avatars: canonical Gaussians, their skinning, density control and files."""
