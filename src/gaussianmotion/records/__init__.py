"""What an experiment leaves on disk: where each file lies, and what its records say."""
