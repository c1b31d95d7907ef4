"""What only tests and benchmarks use: a prior that knows the answer, weights of real shapes."""
