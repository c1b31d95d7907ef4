"""Scores of one picture: how well it fits its prompt."""
