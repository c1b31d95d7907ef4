"""Pictures of synthetic people with captions, keypoints and labels."""
