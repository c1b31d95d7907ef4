"""What can be said of an avatar without any weights."""
