"""Asks the vendors' own compilers, each in a process of its own, and holds a Plan against what they say."""
