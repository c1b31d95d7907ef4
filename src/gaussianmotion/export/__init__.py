"""Avatars in other programs' formats."""
