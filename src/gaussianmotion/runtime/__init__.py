"""What a program needs of the machine: whole files, locks, GPU leases, threads."""
