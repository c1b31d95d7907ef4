"""Does the avatar take the pose and the orientation asked for? Protocol pose-1."""
