"""What the ops of a graph cost."""
