"""The same step with compiled networks: how much faster, and after how long."""

import time

from paper_step import note_whole, the_config, the_prior
from sections import Note, Sizes


def run(sizes: Sizes, note: Note) -> None:
    """Note the step's time once everything is compiled. In miniature nothing is compiled."""
    prior = the_prior(sizes, compiled=sizes.real)
    began = time.perf_counter()
    note_whole(sizes, note, the_config(sizes), prior)
    note(seconds_with_compiling=round(time.perf_counter() - began, 1))
