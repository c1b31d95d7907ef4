"""Whether an avatar takes the pose asked for, by an independent pose detector."""
