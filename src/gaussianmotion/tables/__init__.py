"""The paper's tables, made of all scores of an experiment."""
