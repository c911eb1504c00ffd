"""What pruning and compression cost a small network that has been trained: measured, not predicted."""
