"""What the paper claims of its ablations, and whether the measured runs bear it out."""
