"""Synthetic people: bodies, garments, hair, and how they are dressed."""
