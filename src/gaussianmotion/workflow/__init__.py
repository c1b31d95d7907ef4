"""What Snakemake's rules ask: which files, settings and devices their jobs have."""
