"""The training of the embedded prior, its measures, and the folder that ships."""
