"""Pruning a model: scores of its channels, and the model without those that go."""
