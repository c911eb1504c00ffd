"""Compression of a model's weights, before anybody has done it: what a target takes, and what that is worth there."""
