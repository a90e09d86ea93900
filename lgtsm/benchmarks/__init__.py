"""What `lgtsm benchmark` runs: ways of doing the same, timed in turns."""
