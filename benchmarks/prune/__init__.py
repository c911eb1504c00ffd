"""Programs that measure what pruning makes of networks."""
