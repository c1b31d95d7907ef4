"""Training of one avatar: the loop, its losses, cameras, checkpoints and curves."""
