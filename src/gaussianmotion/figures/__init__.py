"""The paper's figures 3-7, drawn from an experiment's result files."""
