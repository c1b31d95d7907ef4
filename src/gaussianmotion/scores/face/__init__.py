"""Whether an avatar has a face, by an independent face landmark model."""
