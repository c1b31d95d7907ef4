"""The open body and the bundled motions."""
