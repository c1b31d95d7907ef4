"""The report: an experiment's tables, figures and avatars on one page, and its notebook."""
