"""How an experiment's jobs share GPUs and cores: how long each takes, and when each would run."""
