"""Distances between two sets of pictures: renders and references."""
