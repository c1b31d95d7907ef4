"""Which way a person faces, in the picture and for the pose detector."""
