"""Structural pruning: which channels can go together, how many should, and the network that is left."""
