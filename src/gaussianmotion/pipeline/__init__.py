"""The experiment as a workflow sees it: its stages, its grid of runs, its files and their owner."""
