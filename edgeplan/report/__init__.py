"""A plan for people and programs to read."""
