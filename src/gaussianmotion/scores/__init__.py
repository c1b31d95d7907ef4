"""Scores of finished avatars, one module each."""
