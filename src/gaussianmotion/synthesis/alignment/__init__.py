"""The training of the text alignment model, its measures, and the folder that ships."""
