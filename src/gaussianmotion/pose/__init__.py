"""Where poses come from (sampling, motion files) and how they are drawn (OpenPose images)."""
