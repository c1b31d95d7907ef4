"""The same step with ``train.checkpoint_encoder``: how much less memory, how much more time."""

from paper_step import note_whole, the_config, the_prior
from sections import Note, Sizes


def run(sizes: Sizes, note: Note) -> None:
    """Note the step's time and memory."""
    prior = the_prior(sizes, checkpoint_encoder=True)
    note_whole(sizes, note, the_config(sizes, checkpoint_encoder=True), prior)
